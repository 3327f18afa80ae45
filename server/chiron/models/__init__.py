"""The only rooms that know a model library.

`client` reaches any OpenAI-compatible endpoint, `embedded` starts and finds the local llama.cpp server and
then reaches it the same way, `fake` plays a script. Importing this package imports none of them.
"""
