"""What the stand-in for Slack shows in a browser."""

from __future__ import annotations

EMOJI = {
    "+1": "👍",
    "bell": "🔔",
    "eyes": "👀",
    "hourglass": "⌛",
    "hourglass_flowing_sand": "⏳",
    "inbox_tray": "📥",
    "no_entry_sign": "🚫",
    "robot_face": "🤖",
    "speech_balloon": "💬",
    "tada": "🎉",
    "warning": "⚠️",
    "wastebasket": "🗑️",
    "wave": "👋",
    "white_check_mark": "✅",
    "wrench": "🔧",
    "x": "❌",
}
