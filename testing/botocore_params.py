"""Says what botocore's service models have against calls: [{"service", "operation", "input"}] a line on standard input, a text a line, in JSON,
on standard output; it is empty when nothing is wrong. Beside what botocore checks itself (unknown, missing and mistyped members, minima) also enums, patterns and maxima."""
import json, re, sys
import botocore.session, botocore.validate

session = botocore.session.Session()


def beyond(shape, value, place):
    kind, facts = shape.type_name, shape.metadata
    if kind == 'structure':
        for name, each in value.items():
            if name in shape.members:
                yield from beyond(shape.members[name], each, f'{place}.{name}')
    elif kind == 'list':
        if len(value) > facts.get('max', len(value)):
            yield f'{place}: {len(value)} members, at most {facts["max"]}'
        for at, each in enumerate(value):
            yield from beyond(shape.member, each, f'{place}[{at}]')
    elif kind == 'map':
        for name, each in value.items():
            yield from beyond(shape.value, each, f'{place}.{name}')
    elif kind == 'string':
        if facts.get('enum') and value not in facts['enum']:
            yield f'{place}: {value!r} is none of {facts["enum"]}'
        if len(value) > facts.get('max', len(value)):
            yield f'{place}: {len(value)} characters, at most {facts["max"]}'
        try:
            pattern = re.compile(facts.get('pattern') or '')
        except re.error:
            return  # Java's syntax, which Python does not know.
        # The services match the whole of it, whatever Smithy says.
        if facts.get('pattern') and not pattern.fullmatch(value):
            yield f'{place}: {value!r} does not match {pattern.pattern}'
    elif kind in ('integer', 'long') and value > facts.get('max', value):
        yield f'{place}: {value}, at most {facts["max"]}'


models = {}


def wrong(call):
    service, operation, given = call['service'], call['operation'], call['input']
    if service not in models:
        models[service] = session.get_service_model(service)
    shape = models[service].operation_model(operation).input_shape
    report = botocore.validate.ParamValidator().validate(given, shape)
    if report.has_errors():
        yield f'{service} {operation} {report.generate_report()}'
    else:
        for each in beyond(shape, given, operation):
            yield f'{service} {each}'


for line in sys.stdin:
    print(json.dumps('\n'.join(each for call in json.loads(line) for each in wrong(call))), flush=True)
