"""The fields of a message, by the reference of `projects.messages` (read in November 2026)."""

from hub.demo.fcm.fields import (
    Check,
    block,
    boolean,
    choice,
    duration,
    fraction,
    int32,
    listed,
    pattern,
    string,
    strings,
    struct,
    timestamp,
)

_label: Check = pattern(r"[a-zA-Z0-9\-_.~%]{1,50}")
_options: Check = block({"analytics_label": _label})

_light: Check = block(
    {
        "color": block({"red": fraction, "green": fraction, "blue": fraction, "alpha": fraction}),
        "light_on_duration": duration,
        "light_off_duration": duration,
    }
)

_android_notification: Check = block(
    {
        "title": string,
        "body": string,
        "icon": string,
        "color": pattern(r"#[0-9a-fA-F]{6}"),
        "sound": string,
        "tag": string,
        "click_action": string,
        "body_loc_key": string,
        "body_loc_args": listed(string),
        "title_loc_key": string,
        "title_loc_args": listed(string),
        "channel_id": string,
        "ticker": string,
        "sticky": boolean,
        "event_time": timestamp,
        "local_only": boolean,
        "notification_priority": choice(
            "NotificationPriority",
            "PRIORITY_UNSPECIFIED", "PRIORITY_MIN", "PRIORITY_LOW", "PRIORITY_DEFAULT",
            "PRIORITY_HIGH", "PRIORITY_MAX",
        ),
        "default_sound": boolean,
        "default_vibrate_timings": boolean,
        "default_light_settings": boolean,
        "vibrate_timings": listed(duration),
        "visibility": choice("Visibility", "VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"),
        "notification_count": int32,
        "light_settings": _light,
        "image": string,
        "proxy": choice("Proxy", "PROXY_UNSPECIFIED", "ALLOW", "DENY", "IF_PRIORITY_LOWERED"),
        "bypass_proxy_notification": boolean,
    }
)  # fmt: skip

_android: Check = block(
    {
        "collapse_key": string,
        # The enumeration is in capitals; the guides and every Google SDK write it small.
        "priority": choice("AndroidMessagePriority", "NORMAL", "HIGH", "normal", "high"),
        "ttl": duration,
        "restricted_package_name": string,
        "data": strings,
        "notification": _android_notification,
        "fcm_options": _options,
        "direct_boot_ok": boolean,
        "bandwidth_constrained_ok": boolean,
        "restricted_satellite_ok": boolean,
    }
)

_webpush: Check = block(
    {
        "headers": strings,
        "data": strings,
        "notification": struct,
        "fcm_options": block({"link": string, "analytics_label": _label}),
    }
)

_apns: Check = block(
    {
        "headers": strings,
        "payload": struct,
        "fcm_options": block({"analytics_label": _label, "image": string}),
        "live_activity_token": string,
    }
)

request: Check = block(
    {
        "validate_only": boolean,
        "message": block(
            {
                "name": string,  # output only: accepted and ignored
                "data": strings,
                "notification": block({"title": string, "body": string, "image": string}),
                "android": _android,
                "webpush": _webpush,
                "apns": _apns,
                "fcm_options": _options,
                "token": string,
                "fid": string,
                "topic": string,
                "condition": string,
            }
        ),
    }
)
