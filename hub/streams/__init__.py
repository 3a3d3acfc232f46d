"""The hint stream: a process of its own beside the web, which only says that changes wait.

app          the ASGI application: one open answer for each phone that looks
admission    whose token it is, and whether it still is: a few statements over plain psycopg
board        who listens in this process
hearing      what the hub publishes in Redis, brought to whom it concerns

It knows no Django but the settings: a thousand idle streams must not hold a thousand connections.
See docs/adr/0029-hint-stream.md.
"""
