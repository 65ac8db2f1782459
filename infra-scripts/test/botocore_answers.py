"""Holds answers against the service models of botocore: [{"service", "operation", "answer"}] on standard input, what is wrong with each on standard output.

Unknown members count as wrong too: botocore would drop them without a word. Minima do not: they are for requests, and AWS itself answers
`FailedRecordCount` 0 and empty `ShardLevelMetrics`.
"""
import json
import sys

import botocore.session
from botocore.validate import ParamValidator


def unknown(shape, value, path):
    if shape.type_name == 'structure' and isinstance(value, dict):
        for name, member in value.items():
            if name not in shape.members:
                yield f'{path}.{name} is not in the model'
            else:
                yield from unknown(shape.members[name], member, f'{path}.{name}')
    elif shape.type_name == 'list' and isinstance(value, list):
        for index, item in enumerate(value):
            yield from unknown(shape.member, item, f'{path}[{index}]')


session = botocore.session.Session()
report = []
for one in json.load(sys.stdin):
    shape = session.get_service_model(one['service']).operation_model(one['operation']).output_shape
    if shape is None:
        report.append([])
        continue
    found = ParamValidator().validate(one['answer'], shape)
    report.append([line for line in found.generate_report().split('\n') if line and 'valid min' not in line] + list(unknown(shape, one['answer'], one['operation'])))
json.dump(report, sys.stdout)
