"""x"""


def __getattr__(name):
    if name.startswith('__'):
        raise AttributeError(name)

    def op(*a, **k):
        raise NotImplementedError(name)

    return op
