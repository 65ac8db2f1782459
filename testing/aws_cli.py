"""The AWS CLI, version 1, imported once for many calls: `aws_cli.py FOLDER` writes FOLDER/aws, which stands in for the command, and says `ready` on
standard output. Each call is a fork: it has the caller's arguments, environment, working folder, streams and exit code, and no other call's state.
Ends when its standard input ends. For Linux."""
import gc
import importlib
import os
import select
import shlex
import signal
import socket
import sys
import traceback

import botocore_caches
import awscli.clidriver
import botocore.exceptions
import botocore.session

# What `aws` runs. It hands over its three streams with the call and waits for the exit code; a Python without its library starts in 12 ms.
stand_in = '''
import _socket, os, sys
connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
connection.connect(sys.argv[1])
streams = b''.join(number.to_bytes(4, sys.byteorder) for number in range(3))
environment = [name + b'=' + value for name, value in os.environb.items()]
arguments = [os.fsencode(argument) for argument in sys.argv[2:]]
call = b'\\0'.join([os.getcwdb(), b'%d' % len(arguments), *arguments, *environment])
connection.sendmsg([len(call).to_bytes(4, 'big')], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
connection.sendall(call)
code = connection.recv(1)
if not code:
    os.write(2, b'the call of the AWS CLI ended without an exit code\\n')
os._exit(code[0] if code else 1)
'''


def receive(connection):
    """The streams, the working folder, the arguments and the environment of a call."""
    size, streams, _, _ = socket.recv_fds(connection, 4, 3)
    with connection.makefile('rb') as file:
        folder, count, *rest = file.read(int.from_bytes(size, 'big')).split(b'\0')
    arguments = [os.fsdecode(argument) for argument in rest[:int(count)]]
    return streams, folder, arguments, dict(entry.split(b'=', 1) for entry in rest[int(count):])


def call(streams, folder, arguments, environment):
    """In the fork. Returns the exit code of the CLI."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environb.clear()
    os.environb.update(environment)
    # It adds the CLI's models to AWS_DATA_PATH.
    importlib.reload(awscli)
    sys.argv = ['aws', *arguments]
    try:
        code = awscli.clidriver.main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code or 0


services = set(botocore.session.Session(awscli.EnvironmentVariables).get_available_services())
warm = set()


def warm_up(arguments):
    """Loads what the calls of a service load, for the forks to inherit."""
    service = next(('s3' if word == 's3api' else word for word in arguments if word == 's3api' or word in services), None)
    if service in warm:
        return
    warm.add(service)
    session = awscli.clidriver.create_clidriver().session
    if service:
        session.create_client(service, 'us-east-1', aws_access_key_id='none', aws_secret_access_key='none')
        for get_model in (session.get_paginator_model, session.get_waiter_model):
            try:
                get_model(service)
            except botocore.exceptions.UnknownServiceError:
                pass  # It has none.
    # The forks neither search nor copy what they inherit.
    gc.collect()
    gc.freeze()


def serve(folder):
    address = os.path.join(folder, 'socket')
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    script = os.path.join(folder, 'aws.py')
    with open(script, 'w') as file:
        file.write(stand_in)
    command = os.path.join(folder, 'aws')
    with open(command, 'w') as file:
        file.write(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-I", "-S", script, address])} "$@"\n')
    os.chmod(command, 0o755)
    print('ready', flush=True)
    running = set()
    while listener in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        with connection:
            streams, *rest = receive(connection)
            warm_up(rest[1])
            pid = os.fork()
            if pid == 0:
                listener.close()
                connection.sendall(bytes([call(streams, *rest) & 255]))
                os._exit(0)
        for stream in streams:
            os.close(stream)
        running.add(pid)
        running = {pid for pid in running if os.waitpid(pid, os.WNOHANG)[0] == 0}
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


serve(sys.argv[1])
