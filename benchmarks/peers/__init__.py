"""What a team would write in a day: Celery, bulk_create and one of the two push libraries.

A Django project of its own, in an environment of its own (requirements/bench.txt), on the same
PostgreSQL, broker, web server and pretend FCM as the hub. Beside the pushes it has the two views
that POST /notifications is compared with.
"""
