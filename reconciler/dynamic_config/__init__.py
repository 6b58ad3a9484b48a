"""All that is peculiar to a dynamic config, as data and tiny look-ups; imports nothing but the standard library.

``fields``      every key of a config, a rule, a variant and a condition: how it is managed, its default, its spellings
``condition_types``  every condition type: its operators, what its target value may be, which keys it needs
``sizes``       lengths, patterns, sizes and ranges that the API documents
``json_schemas``  the JSON Schemas of a config file and of ``reconciler.toml``, for the checks and for editors
"""
