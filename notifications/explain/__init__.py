"""Why somebody did not get something: the facts, and from them one chain of sentences.

No word of the notification is in either: whoever explains need not be allowed to read it.
"""
