// A ranking's settings in words.

const WINDOWS = { "1h": "the last hour", "24h": "the last 24 hours", "7d": "the last 7 days", "30d": "the last 30 days", all: "all time", today: "today", week: "this week", month: "this month" };
const SUBJECTS = { item: "items", creator: "creators", category: "categories" };

/** What a ranking ranks, how, and when. */
export function inWords({ description, window, subject, contentType, size, schedule, zone, enabled }) {
  const what = contentType ? `Items of type ${contentType}` : (SUBJECTS[subject] ?? subject).replace(/^./, (first) => first.toUpperCase());
  return `${what} with events in ${WINDOWS[window] ?? window}, the first ${size.toLocaleString()}, ${enabled ? whenOf(schedule, zone) : "not computed now"}. ${description}`;
}

function whenOf(schedule, zone) {
  const [minute, hour, ...rest] = schedule.split(" ");
  const every = rest.every((field) => field === "*");
  if (schedule === "* * * * *") return "every minute";
  if (every && hour === "*" && /^\*\/\d+$/.test(minute)) return `every ${minute.slice(2)} minutes`;
  if (every && hour === "*" && /^\d+$/.test(minute)) return "every hour";
  if (every && /^\d+$/.test(hour) && /^\d+$/.test(minute)) return `daily at ${hour.padStart(2, "0")}:${minute.padStart(2, "0")} in ${zone}`;
  return `by ${schedule} in ${zone}`;
}

/** "3" as "3 hours ago". */
export function agoWords(ago) {
  const hours = Number(ago) || 0;
  if (!hours) return "now";
  if (hours < 48) return `${hours} ${hours === 1 ? "hour" : "hours"} ago`;
  const [days, left] = [Math.floor(hours / 24), hours % 24];
  return `${days} days${left ? ` ${left} h` : ""} ago`;
}
