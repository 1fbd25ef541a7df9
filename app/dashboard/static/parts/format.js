// Numbers, times and zones in the reader's language.

const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const precise = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" });

export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** A count: 9,999 as it is, 12.3K from there on. Never below zero: people do not count so. */
export const count = (number) => ((number = Math.max(0, number)) < 10_000 ? whole : compact).format(number);
/** A count in full, for titles and tables of few. */
export const full = (number) => whole.format(Math.max(0, number));
/** A score: three digits below 100, else as a count. */
export const score = (number) => (Math.abs(number) < 100 ? precise : Math.abs(number) < 10_000 ? whole : compact).format(number);
/** What was added or taken back: "+182K", "−20". */
export const signed = (number) => `${number < 0 ? "−" : "+"}${score(Math.abs(number))}`;
/** A change 0.25 as "+25%"; null where there was nothing before. */
export const change = (part) => (part === null || part === undefined ? null : Math.abs(part) >= 10 ? `×${precise.format(part + 1)}` : percent.format(part).replace("-", "−"));

/** Seconds as "5 s", "6 min", "3 h", "2 d". */
export function span(seconds) {
  seconds = Math.max(0, Math.round(seconds));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}
/** Seconds watched as "45 s", "12 min", "3.4 h", "1.2K h". */
export function watched(seconds) {
  if (seconds < 60) return `${whole.format(Math.max(0, seconds))} s`;
  if (seconds < 3600) return `${whole.format(seconds / 60)} min`;
  return `${seconds < 360_000 ? precise.format(seconds / 3600) : compact.format(seconds / 3600)} h`;
}

const formats = new Map();
function formatted(moment, options, zone) {
  const key = `${zone} ${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone }));
  return formats.get(key).format(moment instanceof Date ? moment : new Date(moment));
}
export const clock = (moment, zone = ZONE) => formatted(moment, { hour: "2-digit", minute: "2-digit" }, zone);
export const day = (moment, zone = ZONE) => formatted(moment, { day: "numeric", month: "short" }, zone);
export const date = (moment, zone = ZONE) => formatted(moment, { dateStyle: "medium" }, zone);
export const time = (moment, zone = ZONE) => formatted(moment, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }, zone);
/** The calendar day "2026-03-14" of a moment in a zone, as the API takes it. */
export function calendarDay(moment, zone = ZONE) {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(moment).map((part) => [part.type, part.value]),
  );
  return `${parts.year}-${parts.month}-${parts.day}`;
}
/** Zones to choose from: the reader's first. */
export function zones() {
  const known = Intl.supportedValuesOf?.("timeZone") ?? [];
  return [...new Set([ZONE, "UTC", ...known])];
}
