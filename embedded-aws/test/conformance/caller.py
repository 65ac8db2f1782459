"""Calls AWS operations for a test: {"service", "operation", "input"} a line on standard input, {"answer"}, {"error"} or {"answer", "wrong"} a line
on standard output. `caller.py cli URL` runs the AWS CLI, `caller.py botocore URL` its library, and says what in an answer is not by the model; `query` speaks to
CloudWatch as older ones did."""
import base64
import contextlib
import datetime
import io
import json
import os
import re
import sys

import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

# Each call of the CLI has a session of its own, as a process would.
sys.path.append(os.path.join(os.path.dirname(__file__), '../../../testing'))
import botocore_caches  # noqa: E402, F401

mode, url = sys.argv[1:3]
session = botocore.session.Session()


def plain(value):
    """As JSON has it; bytes as text."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if key != 'ResponseMetadata'}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return value.decode('utf-8', 'replace')
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return value


def decoded(value):
    """The CLI prints binary members in base64."""
    if isinstance(value, dict):
        return {key: base64.b64decode(inner).decode() if key == 'Data' else decoded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [decoded(item) for item in value]
    return value


# --- the AWS CLI

def cli(service, operation, given):
    from awscli import __version__
    from awscli.clidriver import create_clidriver

    given = dict(given)
    arguments = ['s3api' if service == 's3' else service, xform_name(operation, '-'), '--endpoint-url', url, '--output', 'json', '--no-paginate']
    if not __version__.startswith('1.'):
        arguments += ['--cli-binary-format', 'raw-in-base64-out']
    out_file = None
    if operation in ('PutObject', 'UploadPart') and 'Body' in given:
        with open('body', 'w') as file:
            file.write(given.pop('Body'))
        arguments += ['--body', 'body']
    if operation in ('GetObject', 'SelectObjectContent'):
        out_file = 'answer'
        for name, value in given.items():
            arguments += ['--' + xform_name(name, '-'), value if isinstance(value, str) else json.dumps(value)]
        arguments.append(out_file)
    elif operation == 'PutRecord' or operation == 'PutRecords' or operation == 'PutRecordBatch':
        # Version 1 takes the text of a blob as it is in an argument, and base64 in --cli-input-json.
        for name, value in given.items():
            arguments += ['--' + xform_name(name, '-'), value if isinstance(value, str) else json.dumps(value)]
    else:
        arguments += ['--cli-input-json', json.dumps(given)]
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding='utf-8', write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = create_clidriver().main(arguments)
    said = err.buffer.getvalue().decode()
    if code != 0:
        refused = re.search(r'An error occurred \((\S+)\) when calling the \w+ operation(?: \(.*?\))?: ([\s\S]*)', said)
        name, message = refused.groups() if refused else ('CliError', said)
        return {'error': {'name': name, 'message': message.strip()}}
    text = out.buffer.getvalue().decode()
    answer = decoded(json.loads(text)) if text.strip() else {}
    if out_file:
        with open(out_file) as file:
            answer['Body'] = file.read()
        os.remove(out_file)
    return {'answer': answer}


# --- botocore

clients = {}
if mode == 'query':
    loader = session.get_component('data_loader')
    load_newer = loader.load_service_model

    def load_older(service, *rest, **more):
        model = load_newer(service, *rest, **more)
        if service == 'cloudwatch' and 'metadata' in model:
            model['metadata'].update(protocol='query', protocols=['query'])
            model['metadata'].pop('awsQueryCompatible', None)
        return model
    loader.load_service_model = load_older


def unknown(shape, value, path):
    """Members that botocore would drop without a word."""
    if shape.type_name == 'structure' and isinstance(value, dict):
        for name, member in value.items():
            if name not in shape.members:
                yield f'{path}.{name} is not in the model'
            else:
                yield from unknown(shape.members[name], member, f'{path}.{name}')
    elif shape.type_name == 'list' and isinstance(value, list):
        for index, item in enumerate(value):
            yield from unknown(shape.member, item, f'{path}[{index}]')


def client_of(service):
    if service not in clients:
        client = session.create_client(service, endpoint_url=url, config=Config(retries={'total_max_attempts': 1}, s3={'addressing_style': 'path'}))
        client.raw = None

        def keep(response_dict, **_):
            client.raw = response_dict
        client.meta.events.register('before-parse', keep)
        clients[service] = client
    return clients[service]


def through_botocore(service, operation, given):
    client = client_of(service)
    try:
        answer = getattr(client, xform_name(operation))(**given)
    except ClientError as error:
        return {'error': {'name': error.response['Error']['Code'], 'message': error.response['Error'].get('Message', '')}}
    if 'Payload' in answer:
        return {'answer': {'Body': ''.join(event['Records']['Payload'].decode() for event in answer['Payload'] if 'Records' in event)}}
    if 'Body' in answer:
        answer['Body'] = answer['Body'].read()
    shape = client.meta.service_model.operation_model(operation).output_shape
    wrong = []
    if shape is not None and 'Body' not in answer:
        checked = {key: value for key, value in answer.items() if key != 'ResponseMetadata' and value is not None}
        # A bucket of us-east-1 has no LocationConstraint, which botocore hands on as None. Minima are for requests: AWS itself answers FailedRecordCount 0 and empty ShardLevelMetrics.
        report = ParamValidator().validate(checked, shape).generate_report()
        wrong = [line for line in report.split('\n') if line and 'valid min' not in line]
        if mode == 'query' and service == 'cloudwatch' and client.raw['headers'].get('content-type') != 'text/xml':
            wrong.append('it was not spoken to by the query protocol')
        if client.raw and 'json' in client.raw['headers'].get('content-type', ''):
            wrong += unknown(shape, json.loads(client.raw['body'] or b'{}'), operation)
    return {'answer': plain(answer), 'wrong': wrong}


for line in sys.stdin:
    request = json.loads(line)
    call = cli if mode == 'cli' else through_botocore
    try:
        result = call(request['service'], request['operation'], request['input'])
    except Exception as error:
        result = {'error': {'name': type(error).__name__, 'message': str(error)}}
    print(json.dumps(result), flush=True)
