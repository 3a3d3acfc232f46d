"""A Firebase Cloud Messaging of one's own: HTTP v1, its token endpoint and pretend phones.

The hub talks to it exactly as it talks to Firebase; only the endpoint, the certificate authority
and the credentials file differ, by settings. `python -m hub.demo.fcm --dir DIR` starts it;
`process.start` does so from a program, `client.Emulator` steers it.

As strict as Firebase where Firebase is documented:
https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages and
https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode. Where the documentation leaves
a choice, the stricter reading is taken and the place says so.
"""
