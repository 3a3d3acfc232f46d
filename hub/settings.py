"""Every setting of the hub, from the environment, with its unit and its default.

Secrets may be given as NAME or as a file NAME_FILE. Values that make no sense are refused
at start-up; combinations that make no sense are the system checks of `hub.checks`.
"""

from datetime import timedelta
from pathlib import Path

import dj_database_url

from hub import beat, wiring
from hub.lib import broker
from hub.lib import environment as env
from hub.lib.logging import configure as configure_logging
from hub.wiring import *  # noqa: F403 (Django reads the constants here)

BASE_DIR = Path(__file__).resolve().parent.parent

# --- What kind of hub this is -------------------------------------------------------------
# `production` refuses weak settings; `demo` is the embedded default; `test` is the suite.
HUB_MODE = env.choice("HUB_MODE", "production", among={"production", "demo", "test"})
HUB_NAME = env.text("HUB_NAME", "Employee notification hub")
DEBUG = False
# Shorter than 50 characters is refused by hub.E002.
SECRET_KEY = env.text("SECRET_KEY", "absent" if HUB_MODE == "production" else "demo-" + "x" * 50)
ALLOWED_HOSTS = env.listed(
    "ALLOWED_HOSTS", "" if HUB_MODE == "production" else "127.0.0.1,localhost,testserver"
)
# Addresses of reverse proxies whose X-Forwarded-For is believed. Empty: the peer is the client.
HUB_TRUSTED_PROXIES = env.listed("HUB_TRUSTED_PROXIES")

# --- Whom people turn to, and what they consent to ----------------------------------------
# An address of mail, a telephone number or a page, as people are shown it.
SUPPORT_CONTACT = env.text("SUPPORT_CONTACT", "")
PRIVACY_CONTACT = env.text("PRIVACY_CONTACT", "")
# What people may consent to, one by one; without consent it is not done.
CONSENT_PURPOSES = env.listed("CONSENT_PURPOSES", "files,location,photos,usage_analytics")

# --- How long things are kept -------------------------------------------------------------
# Words and copies of a notification, after it closed; a category may say otherwise.
NOTIFICATIONS_KEPT = timedelta(days=env.number("NOTIFICATIONS_KEPT_DAYS", 730, least=1, most=36500))
# Who decided what: the legal period.
DECISIONS_KEPT = timedelta(days=env.number("DECISIONS_KEPT_DAYS", 3650, least=1, most=36500))
DELIVERIES_KEPT = timedelta(days=env.number("DELIVERIES_KEPT_DAYS", 90, least=28, most=3650))
# After the sub-system was told.
CALLBACK_EVENTS_KEPT = timedelta(
    days=env.number("CALLBACK_EVENTS_KEPT_DAYS", 90, least=7, most=3650)
)
SESSIONS_KEPT = timedelta(days=env.number("SESSIONS_KEPT_DAYS", 90, least=1, most=3650))
# What is known of somebody who has left.
LEAVERS_KEPT = timedelta(days=env.number("LEAVERS_KEPT_DAYS", 30, least=1, most=3650))
# Nobody outside gets data before a privacy notice in effect names them.
OUTSIDE_NEEDS_NOTICE = HUB_MODE == "production"
# A file outside of the database that names every erasure, so that a restored backup has them
# carried out again; needed in production.
ERASURE_JOURNAL = env.text("ERASURE_JOURNAL", "")

# --- Keys (none is ever in the database) --------------------------------------------------
# `id:base64(32 bytes)`, comma-separated, the first one encrypts, all of them decrypt.
HUB_ENCRYPTION_KEYS = env.text("HUB_ENCRYPTION_KEYS", "")
# base64 of at least 32 bytes; blind indexes, refresh tokens and audit seals derive from it.
HUB_MAC_KEY = env.text("HUB_MAC_KEY", "")
# base64 of 32 bytes, an Ed25519 private key: signs decision receipts. Older ones follow after a
# comma, to be published still; `public:base64` where the private half is gone. Outside of
# production it may be empty: then it is derived from HUB_MAC_KEY.
HUB_RECEIPT_KEY = env.text("HUB_RECEIPT_KEY", "")

# --- Database -----------------------------------------------------------------------------
DATABASES = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL", "postgres://hub@127.0.0.1:5432/hub"),
        engine="hub.lib.postgres",
        conn_max_age=env.number("DATABASE_CONN_MAX_AGE_SECONDS", 600, least=0, most=86_400),
        conn_health_checks=True,
    )
}
STATEMENT_TIMEOUT_MS = env.number("DATABASE_STATEMENT_TIMEOUT_MS", 30_000, least=100, most=600_000)
LOCK_TIMEOUT_MS = env.number("DATABASE_LOCK_TIMEOUT_MS", 10_000, least=100, most=600_000)
# A stuck writer would hold back every change feed, and a stuck reader a connection.
DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
    f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}"
    f" -c idle_in_transaction_session_timeout=60000 -c jit=off"
)
DATABASES["default"]["OPTIONS"]["connect_timeout"] = 5
# Off behind a pooler that gives each transaction another connection and knows no prepared ones
# (PgBouncer before 1.21, or with max_prepared_statements = 0).
PREPARED_STATEMENTS = env.choice("DATABASE_PREPARED_STATEMENTS", "on", among={"on", "off"}) == "on"
if PREPARED_STATEMENTS:  # only what `hub.lib.statements` runs: Django's own cursors never prepare
    DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 5
    # Their plans do not depend on the values, and planning would cost more than running them.
    DATABASES["default"]["OPTIONS"]["options"] += " -c plan_cache_mode=force_generic_plan"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Broker: only a bell; all of it may be lost -------------------------------------------
REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")

# --- Directory ----------------------------------------------------------------------------
HUB_DIRECTORY = env.choice("HUB_DIRECTORY", "ldap", among={"ldap", "local"})
LOCAL_DIRECTORY_FILE = env.text("LOCAL_DIRECTORY_FILE", "")
LDAP_SERVERS = env.listed("LDAP_SERVERS")  # host[:port] of each domain controller, by name
LDAP_SECURITY = env.choice("LDAP_SECURITY", "ldaps", among={"ldaps", "starttls"})
LDAP_CA_FILE = env.text("LDAP_CA_FILE", "")
LDAP_BASE_DN = env.text("LDAP_BASE_DN", "")
LDAP_SERVICE_DN = env.text("LDAP_SERVICE_DN", "")
LDAP_SERVICE_PASSWORD = env.text("LDAP_SERVICE_PASSWORD", "")
# Which name people sign in with, one form only: two spellings would mean two lock-out budgets.
LDAP_IDENTIFIER = env.choice(
    "LDAP_IDENTIFIER", "sAMAccountName", among={"sAMAccountName", "userPrincipalName"}
)
LDAP_CONNECT_TIMEOUT = env.seconds("LDAP_CONNECT_TIMEOUT_SECONDS", 2, least=1, most=30)
LDAP_TOTAL_TIMEOUT = env.seconds("LDAP_TOTAL_TIMEOUT_SECONDS", 8, least=2, most=60)
# Before a decision the account is looked up: how long that may take, and how long it is believed.
STANDING_TIMEOUT = env.seconds("STANDING_TIMEOUT_SECONDS", 3, least=1, most=10)
STANDING_CACHE = env.seconds("STANDING_CACHE_SECONDS", 60, least=0, most=60)
# A leaver is out of the hub at most this long after the directory shows it; the synchronisation
# runs five times in it.
DIRECTORY_BOUND = env.seconds("DIRECTORY_BOUND_SECONDS", 300, least=5, most=86_400)
# Everybody is read again after this long, whatever the directory says has changed.
DIRECTORY_COMPLETE_EVERY = env.seconds(
    "DIRECTORY_COMPLETE_EVERY_SECONDS", 86_400, least=60, most=30 * 86_400
)
# The group whose members, nested ones included, may use the hub; empty: every employee.
DIRECTORY_REQUIRED_GROUP = env.text("DIRECTORY_REQUIRED_GROUP", "")
# The group whose members, nested ones included, are superusers of the administration when they sign
# in there; empty: none is. Roles come from the groups that the admin names.
DIRECTORY_SUPERUSERS_GROUP = env.text("DIRECTORY_SUPERUSERS_GROUP", "")
# More people missing within a day than either, and none of them is disabled until somebody looks.
DIRECTORY_ABSENT_PEOPLE = env.number("DIRECTORY_ABSENT_PEOPLE", 50, least=0, most=1_000_000)
DIRECTORY_ABSENT_PERCENT = env.number("DIRECTORY_ABSENT_PERCENT", 5, least=0, most=100)
# The employee database: the path or the https address of a CSV with a header, UTF-8; empty: there
# is none.
EMPLOYEE_FEED = env.text("EMPLOYEE_FEED", "")
# At an address: the Authorization header, if one is needed, and the leash of one reading.
EMPLOYEE_FEED_AUTHORIZATION = env.text("EMPLOYEE_FEED_AUTHORIZATION", "")
EMPLOYEE_FEED_CA_FILE = env.text("EMPLOYEE_FEED_CA_FILE", "")  # empty: the system's authorities
EMPLOYEE_FEED_TIMEOUT = env.seconds("EMPLOYEE_FEED_TIMEOUT_SECONDS", 120, least=1, most=480)
EMPLOYEE_FEED_MOST_BYTES = env.number(
    "EMPLOYEE_FEED_MOST_BYTES", 268_435_456, least=1, most=10_000_000_000
)
EMPLOYEE_FEED_EVERY = env.seconds("EMPLOYEE_FEED_EVERY_SECONDS", 3600, least=60, most=86_400)
EMPLOYEE_FEED_DELIMITER = env.text("EMPLOYEE_FEED_DELIMITER", ",")
# {"employee_id": "its column", "department": …, "geo": …, "affiliate": …, "title": …, "manager": …,
# "time_zone": …, "language": …}; what is not named the feed does not tell.
EMPLOYEE_FEED_COLUMNS = env.feed_columns("EMPLOYEE_FEED_COLUMNS")
# For which of department, geo, affiliate, title and manager it is believed before the directory.
EMPLOYEE_FEED_WINS = env.subset(
    "EMPLOYEE_FEED_WINS", among={"department", "geo", "affiliate", "title", "manager"}
)
# attribute of the directory -> what the hub calls it
LDAP_EMPLOYEE_ID_ATTRIBUTE = env.text("LDAP_EMPLOYEE_ID_ATTRIBUTE", "employeeID")
LDAP_GEO_ATTRIBUTE = env.text("LDAP_GEO_ATTRIBUTE", "c")
LDAP_AFFILIATE_ATTRIBUTE = env.text("LDAP_AFFILIATE_ATTRIBUTE", "company")
# Keep it below the directory's own lock-out threshold: the hub adds at most this many failures.
SIGN_IN_TRIES = env.number("SIGN_IN_TRIES", 4, least=1, most=50)
# Of these, how many only devices may use on which that name has signed in before.
SIGN_IN_TRIES_KEPT = env.number("SIGN_IN_TRIES_KEPT", 1, least=0, most=49)
SIGN_IN_WINDOW = env.seconds("SIGN_IN_WINDOW_SECONDS", 1800, least=60, most=86_400)
# A wrong name or password is refused after this long, or a whole multiple of it (0: at once): how
# long the directory takes tells whether the name exists.
SIGN_IN_REFUSED_AFTER_MS = env.number("SIGN_IN_REFUSED_AFTER_MS", 500, least=0, most=10_000)
# Names that may fail from one address within the window, known devices apart; then it is refused.
SIGN_IN_NAMES = env.number("SIGN_IN_NAMES", 20, least=1, most=100_000)
# More names failing within the window, wherever from: the alarm, and nothing else.
SIGN_IN_ALARM_NAMES = env.number("SIGN_IN_ALARM_NAMES", 200, least=1, most=1_000_000)

# Whether people of one affiliate are kept from those of the others (docs/security.md): colleague
# search, the staff's pages, and what a sub-system that is bound to an affiliate can reach.
AFFILIATES_SEPARATED = env.choice("AFFILIATES_SEPARATED", "off", among={"on", "off"}) == "on"

# --- Tokens -------------------------------------------------------------------------------
ACCESS_TOKEN_LIFE = env.seconds("ACCESS_TOKEN_LIFE_SECONDS", 86_400, least=60, most=86_400)
REFRESH_IDLE_LIFE = env.seconds(
    "REFRESH_IDLE_LIFE_SECONDS", 7 * 86_400, least=3600, most=90 * 86_400
)
REFRESH_FAMILY_LIFE = env.seconds(
    "REFRESH_FAMILY_LIFE_SECONDS", 30 * 86_400, least=3600, most=365 * 86_400
)
REFRESH_GRACE = env.seconds("REFRESH_GRACE_SECONDS", 60, least=0, most=300)
# So long may an app take to send back the code that was pushed to its address.
PUSH_ECHO_LIFE = env.seconds("PUSH_ECHO_LIFE_SECONDS", 86_400, least=60, most=30 * 86_400)
# A device whose address Firebase no longer knows has so long to register another one.
UNREGISTERED_SESSION_LIFE = timedelta(
    days=env.number("UNREGISTERED_SESSION_DAYS", 14, least=1, most=365)
)
# A device that was not heard of for so long is signed out.
DEVICE_STALE_AFTER = env.seconds(
    "DEVICE_STALE_AFTER_SECONDS", 7 * 86_400, least=3600, most=365 * 86_400
)
# The oldest app that may sign in and refresh, by platform: {"android": "2.4", "ios": "2.4.1"}.
APP_VERSION_LEAST = env.versions("APP_VERSION_LEAST")
# What a killed process loses of its counts; each device, address and day is there whatever dies.
ACCESS_LOG_FLUSH = env.seconds("ACCESS_LOG_FLUSH_SECONDS", 10, least=0, most=300)
ACCESS_LOG_KEPT = timedelta(days=env.number("ACCESS_LOG_KEPT_DAYS", 90, least=1, most=3650))

# --- Signed answers (docs/receipts.md) ----------------------------------------------------
STEP_UP_NONCE_LIFE = env.seconds("STEP_UP_NONCE_LIFE_SECONDS", 600, least=30, most=3600)
STEP_UP_CLOCK_SKEW = env.seconds("STEP_UP_CLOCK_SKEW_SECONDS", 300, least=10, most=3600)
# Whether the answer to a restricted request has to be signed. Off only while apps are replaced by
# ones that register a key.
STEP_UP_FOR_RESTRICTED = env.choice("STEP_UP_FOR_RESTRICTED", "on", among={"on", "off"}) == "on"

# --- Delegation ---------------------------------------------------------------------------
DELEGATION_LONGEST = timedelta(days=env.number("DELEGATION_LONGEST_DAYS", 90, least=1, most=366))
DELEGATIONS_AT_MOST = 20  # given by one person and not over
COLLEAGUE_SEARCHES_A_MINUTE = env.number("COLLEAGUE_SEARCHES_A_MINUTE", 30, least=1, most=10_000)

# --- Inbox --------------------------------------------------------------------------------
SNOOZE_LONGEST = timedelta(days=env.number("SNOOZE_LONGEST_DAYS", 30, least=1, most=366))
# The hint stream (`hub.streams`): how many are open in one process, how often something is said on
# each, and how often it is asked whether their tokens still hold.
STREAMS_AT_MOST = env.number("STREAMS_AT_MOST", 10_000, least=1, most=100_000)
STREAM_BEAT = env.seconds("STREAM_BEAT_SECONDS", 25, least=1, most=300)
STREAM_RECHECK = env.seconds("STREAM_RECHECK_SECONDS", 30, least=1, most=120)
STREAM_RETRY_MS = 5_000  # after which a phone opens it again
# The largest file that a sub-system may send with a notification.
ATTACHMENT_BYTES = env.number("ATTACHMENT_BYTES", 5 * 2**20, least=1024, most=50 * 2**20)
INBOX_SEARCHES_A_MINUTE = env.number("INBOX_SEARCHES_A_MINUTE", 60, least=1, most=10_000)

# --- Firebase -----------------------------------------------------------------------------
PUSH_GATEWAY = env.text("PUSH_GATEWAY", "notifications.push.fcm.gateway_from_settings")
# The JSON key of a service account, or several as project=path, the first one being the default.
FCM_PROJECTS = env.files_by_name("FCM_CREDENTIALS_FILE")
FCM_ENDPOINT = env.text("FCM_ENDPOINT", "https://fcm.googleapis.com")
FCM_CA_FILE = env.text("FCM_CA_FILE", "")  # empty: the system's authorities
# Of each project, below its quota of 600,000: whatever Firebase refuses counts too.
FCM_MESSAGES_A_MINUTE = env.number("FCM_MESSAGES_A_MINUTE", 590_000, least=1, most=100_000_000)
FCM_CONNECTIONS = env.number("FCM_CONNECTIONS", 10, least=1, most=100)
FCM_TOTAL_TIMEOUT = env.seconds("FCM_TOTAL_TIMEOUT_SECONDS", 20, least=1, most=120)

# --- E-mail -------------------------------------------------------------------------------
# Where employees' browsers find the hub: links in e-mails begin with it.
HUB_PUBLIC_URL = env.text("HUB_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
MAIL_HOST = env.text("MAIL_HOST", "")  # empty: no e-mail is sent
MAIL_PORT = env.number("MAIL_PORT", 587, least=1, most=65_535)
MAIL_SECURITY = env.choice("MAIL_SECURITY", "starttls", among={"starttls", "tls", "none"})
MAIL_USER = env.text("MAIL_USER", "")
MAIL_PASSWORD = env.text("MAIL_PASSWORD", "")
MAIL_FROM = env.text("MAIL_FROM", "")
MAIL_GATEWAY = env.text("MAIL_GATEWAY", "notifications.mailing.smtp.gateway_from_settings")
MAIL_TIMEOUT = env.seconds("MAIL_TIMEOUT_SECONDS", 5, least=1, most=30)  # of each step of SMTP
MAIL_PER_MINUTE = env.number("MAIL_PER_MINUTE", 600, least=1, most=1_000_000)
# Who has a phone is written to about what was not looked at for so long.
MAIL_FALLBACK_AFTER = env.seconds("MAIL_FALLBACK_AFTER_SECONDS", 4 * 3600, least=1, most=604_800)
MAILERS = wiring.mailers(
    host=MAIL_HOST, port=MAIL_PORT, user=MAIL_USER, password=MAIL_PASSWORD,
    security=MAIL_SECURITY, timeout=MAIL_TIMEOUT,
)  # fmt: skip

# --- Errands ------------------------------------------------------------------------------
ERRAND_LEASE = env.seconds("ERRAND_LEASE_SECONDS", 60, least=2, most=3600)
RELAY_EVERY = env.seconds("RELAY_EVERY_SECONDS", 10, least=1, most=300)
FAN_OUT_BATCH = env.number("FAN_OUT_BATCH_EMPLOYEES", 2000, least=1, most=50_000)
CALLBACK_CA_FILE = env.text("CALLBACK_CA_FILE", "")  # empty: the system's authorities
CALLBACK_TOTAL_TIMEOUT = env.seconds("CALLBACK_TOTAL_TIMEOUT_SECONDS", 15, least=1, most=60)
# First waits after a failed callback, in seconds: ten tries over about 75 hours.
CALLBACK_WAITS_SECONDS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
# Calls under way: in one worker process, and to one endpoint from all processes together.
CALLBACK_CALLS_AT_ONCE = env.number("CALLBACK_CALLS_AT_ONCE", 32, least=1, most=500)
CALLBACK_CALLS_PER_ENDPOINT = env.number("CALLBACK_CALLS_PER_ENDPOINT", 8, least=1, most=100)
# Failures in a row after which an endpoint is only probed.
CALLBACK_BREAKER_FAILURES = env.number("CALLBACK_BREAKER_FAILURES", 5, least=1, most=1000)

# Where a geo's clocks are, as JSON: {"DE": "Europe/Berlin"}. For employees without a time zone of
# their own; a geo that is not named has UTC.
GEO_TIME_ZONES = env.time_zones("GEO_TIME_ZONES")

# --- Limits -------------------------------------------------------------------------------
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024  # bytes; contract: body <= 256 kB
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
# Of POST /notifications/batch: 500 notifications of 4 kB each.
BATCH_BODY_BYTES = 2 * 1024 * 1024
BATCH_AT_MOST = 500  # notifications
SUBSYSTEM_REQUESTS_A_MINUTE = env.number(
    "SUBSYSTEM_REQUESTS_A_MINUTE", 6000, least=1, most=10_000_000
)
EMPLOYEE_REQUESTS_A_MINUTE = env.number("EMPLOYEE_REQUESTS_A_MINUTE", 240, least=1, most=100_000)
SEATS_AT_MOST = 500
# What goes to more recipients than this is held until a second person releases it, unless the
# sub-system has a limit of its own.
BLAST_RADIUS = env.number("BLAST_RADIUS_RECIPIENTS", 500, least=0, most=10_000_000)

# --- Metrics (docs/operations.md) ---------------------------------------------------------
# Where the processes of one machine or pod share their counts; read by `hub.lib.metrics`.
HUB_METRICS_DIR = env.text("HUB_METRICS_DIR", "")
# Who may read /metrics of web: the bearer of this. Empty: nobody (outside production: everybody).
METRICS_TOKEN = env.text("METRICS_TOKEN", "")
# host:port at which a worker tells its metrics, without a token; empty: nowhere.
METRICS_ADDRESS = env.address("METRICS_ADDRESS")

# --- Wiring -------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = HUB_MODE != "production"

# --- Celery -------------------------------------------------------------------------------
CELERY_BROKER_URL = broker.celery_url(REDIS_URL)
# task time limit < lease < visibility time-out: a lease is never taken over from a live task.
CELERY_TASK_TIME_LIMIT = max(1, int(ERRAND_LEASE.total_seconds() * 0.8))
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": int(ERRAND_LEASE.total_seconds() * 2),
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    # Without these, an enqueue hangs for ever on a frozen Redis.
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "retry_on_timeout": False,
}
CELERY_BEAT_SCHEDULE = beat.schedule(
    relay_every=RELAY_EVERY, directory_bound=DIRECTORY_BOUND, feed_every=EMPLOYEE_FEED_EVERY
)
# What the clock rings for.
CELERY_TASK_ROUTES = {
    ring["task"]: {"queue": "maintenance"} for ring in CELERY_BEAT_SCHEDULE.values()
}

# --- Browser security ---------------------------------------------------------------------
SECURE_SSL_REDIRECT = HUB_MODE == "production"
SECURE_HSTS_SECONDS = 31_536_000 if HUB_MODE == "production" else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HUB_MODE == "production"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HUB_MODE == "production"


configure_logging(
    level=env.choice("LOG_LEVEL", "INFO", among={"DEBUG", "INFO", "WARNING", "ERROR"})
)
LOGGING_CONFIG = None  # configured above, once, for Django too
