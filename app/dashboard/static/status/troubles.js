// What is wrong, in words, and what to do about it; the worst first.

import { full, span } from "../parts/format.js";
import { rankingName } from "../parts/words.js";

const STILL_SECONDS = 180; // as the API counts it: two runs of every minute were missed
const EVERY_MINUTE = ["refresh_aggregates", "run_rankings"];

/** Return `{kind, title, text}` for each trouble; `kind` is bad or warn. */
export function troubles({ database, stream }, now) {
  const age = (moment) => (now - Date.parse(moment)) / 1000;
  return [...ofParts(database, stream), ...ofJobs(database?.jobs ?? null, age), ...ofRankings(database?.rankings ?? []), ...ofStream(stream)];
}

function* ofParts(database, stream) {
  if (!database) yield bad("The database does not answer.", "Events wait in Redis and nothing is lost; rankings stay as they are. Start it, mend DATABASE_URL, or see what keeps it busy.");
  if (!stream) yield bad("Redis does not answer.", "Events go straight to the database; reads are slower. Start it, or mend REDIS_URL.");
}

function* ofJobs(jobs, age) {
  if (!jobs) return;
  if (!jobs.some(({ job }) => job === "run_rankings")) yield warn("The job run rankings has never ended.", "It begins within a minute of groundswell migrate; where it does not, groundswell doctor says why.");
  for (const job of jobs) {
    const name = job.job.replaceAll("_", " ");
    if (EVERY_MINUTE.includes(job.job) && (!job.succeededAt || age(job.succeededAt) > STILL_SECONDS)) {
      const since = job.succeededAt ? `for ${span(age(job.succeededAt))}` : "ever";
      yield bad(`The job ${name} has not ended well ${since}.`, `${job.error ?? "It may not be scheduled."} groundswell doctor says more.`);
    } else if (job.error) yield warn(`The newest run of ${name} failed.`, `${job.error} The next run tries again.`);
  }
}

function* ofRankings(rankings) {
  for (const { name, error } of rankings) {
    if (error) yield bad(`${rankingName(name)} cannot be computed.`, `It keeps its list from before: ${error}`);
  }
}

function* ofStream(stream) {
  if (!stream) return;
  const live = stream.lanes.find((lane) => lane.lane === "live");
  if (live && live.oldestSeconds > 60) yield bad(`Events have waited for ${span(live.oldestSeconds)}.`, "Is a worker running? groundswell worker writes them.");
  if (stream.deadLetters) yield warn(`${full(stream.deadLetters)} dead letters wait for a person.`, "groundswell dead-letters list shows why; replay or drop them.");
}

const bad = (title, text) => ({ kind: "bad", title, text });
const warn = (title, text) => ({ kind: "warn", title, text });
