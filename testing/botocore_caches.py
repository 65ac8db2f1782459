"""What each botocore session of a process would find out anew, and the process now finds out once: the models, which handlers take keywords, and
what an event is called today. The sessions stay apart in all else."""
import functools

import botocore.hooks
import botocore.loaders
import botocore.session

create_loader = functools.cache(botocore.loaders.create_loader)
accepts_kwargs = botocore.hooks.accepts_kwargs
alias_event_name = getattr(botocore.hooks.EventAliaser, '_alias_event_name', None)
accepting = {}
aliases = {}


def accepts_kwargs_once(handler):
    # Functions that a session makes for itself share their code with those of the session before.
    key = getattr(handler, '__code__', handler)
    if key not in accepting:
        accepting[key] = accepts_kwargs(handler)
    return accepting[key]


def alias_once(aliaser, name):
    if name not in aliases:
        aliases[name] = alias_event_name(aliaser, name)
    return aliases[name]


botocore.session.create_loader = create_loader
botocore.hooks.accepts_kwargs = accepts_kwargs_once
if alias_event_name:
    botocore.hooks.EventAliaser._alias_event_name = alias_once
