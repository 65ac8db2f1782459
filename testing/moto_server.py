"""Moto's server, started as `moto_server.py HOST PORT`. Moto reads CloudFormation templates with PyYAML's parser in Python: half of its time in
our tests. The parser in C reads the same, where PyYAML has it; a text with tags of its own goes the old way."""
import sys

import yaml

load_yaml = yaml.load
fast_loader = getattr(yaml, 'CSafeLoader', None)


def load(text, *args, **options):
    if fast_loader:
        try:
            return load_yaml(text, Loader=fast_loader)
        except yaml.YAMLError:
            pass
    return load_yaml(text, *args, **options)


yaml.load = load

from moto.server import main  # noqa: E402

main(['-H', sys.argv[1], '-p', sys.argv[2]])
