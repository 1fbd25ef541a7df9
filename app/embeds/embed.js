/* Groundswell's embeds: <groundswell-trending>, <groundswell-hot>, <groundswell-counter>.
   docs/embedding.md tells how to use them. They record nothing and store nothing. */
(() => {
  const script = document.currentScript || [...document.scripts].find((one) => /\/embed\.js($|[?#])/.test(one.src));
  if (!script || customElements.get("groundswell-trending")) return;
  const WORDS = {
    en: "Trending now|Views|Hot|New|up|down|Featured",
    de: "Im Trend|Aufrufe|Angesagt|Neu|gestiegen um|gefallen um|Empfohlen",
    es: "Tendencias|Vistas|Popular|Nuevo|sube|baja|Destacado",
    fr: "Tendances|Vues|Populaire|Nouveau|monte de|descend de|À la une",
    pt: "Em alta|Visualizações|Popular|Novo|sobe|desce|Destaque",
    ar: "الأكثر رواجًا|المشاهدات|رائج|جديد|صعود|هبوط|مميّز",
  };
  // Of its own in all: what a page inherits to its elements ends at the box, but for the direction.
  const CSS_TEXT = `
:host{display:inline-block;vertical-align:baseline}:host(groundswell-trending){display:block}
:host([hidden]){display:none!important}
:host([theme=light]){color-scheme:light}:host([theme=dark]){color-scheme:dark}
.box{all:initial;color-scheme:inherit;display:block;font-family:var(--groundswell-font,system-ui,sans-serif);
line-height:1.4;color:var(--ink);--ink:light-dark(#14222b,#e5ecf0);--soft:light-dark(#566571,#9aa9b3);
--line:light-dark(#e2e7ea,#242f36);--accent:light-dark(#0b6e78,#5cc7cf)}
.list{container-type:inline-size;overflow:hidden;background:light-dark(#fff,#151d22);
border:1px solid var(--line);border-radius:12px}
header{display:flex;justify-content:space-between;align-items:center;gap:1em;block-size:3em;padding-inline:1em}
header b{overflow:hidden;white-space:nowrap;text-overflow:ellipsis}small{font-size:.8em;color:var(--soft)}
ol{list-style:none;margin:0;padding:0;min-block-size:calc(var(--rows)*3.5em)}
ol:empty{background:repeating-linear-gradient(var(--line) 0 1px,#0000 0 3.5em)}
li{box-sizing:border-box;block-size:3.5em;padding-inline:1em;border-block-start:1px solid var(--line);position:relative;
display:grid;grid-template-columns:minmax(1.2em,auto) minmax(0,1fr) auto;gap:.75em;align-items:center}
.rank,.views{font-variant-numeric:tabular-nums;text-align:end;white-space:nowrap}.rank,.change,.about{color:var(--soft)}
.about,.change,.hot{font-size:.8em}.change{display:block}.up{color:light-dark(#0a7148,#56cf94)}.down{color:light-dark(#b0362a,#ff9080)}
.about{inline-size:fit-content;max-inline-size:100%}
.line{display:flex;gap:.5em;align-items:center}
.title,.about{overflow:hidden;white-space:nowrap;text-overflow:ellipsis;text-align:start}.title{font-weight:600}
a{color:inherit;text-decoration:none}a:hover{text-decoration:underline;text-decoration-color:var(--accent)}
a:focus-visible{outline:2px solid var(--accent);outline-offset:-2px;border-radius:3px}
.bar{position:absolute;inset-block-end:-1px;inset-inline-start:0;block-size:2px;background:var(--accent);opacity:.7}
.hot{display:inline-block;flex:none;padding:.05em .6em;border-radius:1em;border:1px solid var(--accent);white-space:nowrap;color:var(--ink)}
.ruled{border-color:var(--line);color:var(--soft)}
.off{visibility:hidden}.count{display:inline;font:inherit;line-height:inherit;color:inherit;font-variant-numeric:tabular-nums}
.count span{display:inline-block;min-inline-size:calc(var(--digits)*1ch);text-align:center}
.said{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@container (width<16em){.about{display:none}}`;
  let sheet;
  try {
    (sheet = new CSSStyleSheet()).replaceSync(CSS_TEXT);
  } catch {} // too old: plain, but there

  const el = (name, kind, ...inside) => {
    const made = document.createElement(name);
    if (kind) made.className = kind;
    made.append(...inside);
    return made;
  };
  const get = async (url) => {
    const answer = await fetch(url, { credentials: "omit", referrerPolicy: "no-referrer", signal: AbortSignal.timeout(2e4) });
    if (!answer.ok) throw answer.status;
    return answer.json();
  };

  /* What parts that want the same share: one request, asked again while the page is seen. */
  const sources = new Map();
  class Source {
    constructor(ask, every) {
      Object.assign(this, { ask, every, pause: every, at: 0, parts: new Map(), last: new Map(), due: new Set(), asked: new Set() });
    }
    add(part, name) {
      this.parts.set(part, name);
      if (this.last.has(name)) part.show(this.last.get(name));
      if (this.last.has(name) && Date.now() - this.at < 1e3 * (this.every || 60)) return this.timer || this.wait();
      if (this.asked.has(name)) return;
      // A parser makes one element after the other.
      if (!this.due.size) setTimeout(() => this.load([...this.due]), 20);
      this.due.add(name);
    }
    remove(part) {
      this.parts.delete(part);
      if (!this.parts.size) this.timer = clearTimeout(this.timer);
    }
    async load(names = [...new Set(this.parts.values())]) {
      for (const name of names) this.asked.add(name), this.due.delete(name);
      let found;
      try {
        found = await this.ask(names);
        this.pause = this.every;
        this.at = Date.now();
      } catch {
        this.pause = Math.min(2 * this.pause, 900);
      }
      for (const name of names) {
        this.asked.delete(name);
        if (found?.has(name)) this.last.set(name, found.get(name));
      }
      for (const [part, name] of this.parts) if (names.includes(name)) found?.has(name) ? part.show(found.get(name)) : part.fail();
      this.wait();
    }
    wait() {
      clearTimeout(this.timer);
      // Not all readers at once, after an outage.
      if (this.every && this.parts.size) this.timer = setTimeout(() => this.again(), this.pause * (900 + 200 * Math.random()));
    }
    again() {
      this.late = document.hidden;
      if (!this.late) this.load();
    }
  }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) for (const one of sources.values()) if (one.late && one.parts.size) one.again();
  });
  function sourceOf(name, ask, every) {
    if (!sources.has(name + every)) sources.set(name + every, new Source(ask, every));
    return sources.get(name + every);
  }

  class Part extends HTMLElement {
    static observedAttributes = "accent,api,category,content-id,content-type,digits,format,heading,key,lang,level,limit,link,locale,metric,refresh,target,window,words".split(",");
    constructor() {
      super();
      if (sheet) this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
      else this.attachShadow({ mode: "open" });
    }
    connectedCallback() {
      this.plan();
    }
    disconnectedCallback() {
      this.source?.remove(this);
    }
    attributeChangedCallback() {
      if (this.isConnected) this.plan();
    }
    plan() {
      this.planned ||= queueMicrotask(() => {
        this.planned = 0;
        if (!this.isConnected) return;
        const known = (WORDS[this.language().slice(0, 2).toLowerCase()] || WORDS.en).split("|");
        const own = (this.getAttribute("words") || "").split("|");
        this.words = known.map((word, at) => own[at] || word);
        const accent = this.getAttribute("accent");
        this.box ||= this.shadowRoot.appendChild(el("div"));
        this.box.className = "box";
        if (accent && CSS.supports("color", accent)) this.box.style.setProperty("--accent", accent);
        else this.box.style.removeProperty("--accent");
        this.source?.remove(this);
        this.shown = undefined;
        this.begin();
        const { name, ask, item } = this.wanted();
        const every = +(this.getAttribute("refresh") ?? 60);
        this.source = sourceOf(name, ask, every > 0 ? Math.max(every, 5) : every === 0 ? 0 : 60);
        this.source.add(this, item);
      }) || 1;
    }
    show(found) {
      const text = JSON.stringify(found ?? null);
      if (text === this.shown) return;
      this.shown = text;
      this.setAttribute("state", this.draw(found) ? "ready" : "empty");
    }
    fail() {
      if (this.shown !== undefined) return; // what was there stays
      this.setAttribute("state", "failed");
      this.instead();
    }
    instead() {
      // What the page has put into the element, in the same place.
      this.box.style.minBlockSize = `${this.box.offsetHeight}px`;
      this.box.className = "";
      this.box.replaceChildren(el("slot"));
    }
    address(path, query) {
      const url = new URL(path, new URL(this.getAttribute("api") || script.src, document.baseURI));
      for (const [name, value] of Object.entries({ ...query, key: this.getAttribute("key") })) if (value) url.searchParams.set(name, value);
      return url.href;
    }
    language() {
      return this.getAttribute("locale") || this.closest("[lang]")?.lang || navigator.language;
    }
    number(value, full) {
      const options = full ? {} : { notation: "compact", maximumFractionDigits: 1 };
      try {
        return new Intl.NumberFormat(this.language(), options).format(value);
      } catch {
        return new Intl.NumberFormat(undefined, options).format(value);
      }
    }
    /* Several items by one request, at most 50 in one. */
    stats(field) {
      const type = this.getAttribute("content-type") || "video";
      const of = (more) => this.address("analytics/stats", { contentType: type, fields: field, ...more });
      return {
        name: of(),
        item: this.getAttribute("content-id") || "",
        ask: async (ids) => {
          const found = new Map();
          const note = (id, stats) => found.set(id, stats?.[field]);
          const several = async (some) => {
            const { items } = await get(of({ ids: some.join(",") }));
            // What cannot be told now is not known to be nothing.
            items.forEach((one, at) => one.outcome === "unavailable" || note(some[at], one.stats));
          };
          const single = async (id) => {
            const url = this.address("analytics/stats/-", { contentType: type, fields: field, contentId: id });
            const gone = (status) => {
              if (status !== 404) throw status;
            };
            note(id, await get(url).catch(gone));
          };
          const plain = ids.filter((id) => id && !id.includes(","));
          const asking = ids.filter((id) => id.includes(",")).map(single);
          while (plain.length) asking.push(several(plain.splice(0, 50)));
          await Promise.all(asking);
          return found;
        },
      };
    }
  }

  class Trending extends Part {
    get limit() {
      return Math.min(Math.max(parseInt(this.getAttribute("limit")) || 10, 1), 100);
    }
    wanted() {
      const window = /^(1h|24h|7d|30d|all)$/.exec(this.getAttribute("window"))?.[0];
      const name = this.address("analytics/trending", { window, limit: this.limit, category: this.getAttribute("category"), contentType: this.getAttribute("content-type") });
      return { name, item: "", ask: async () => new Map([["", (await get(name)).items]]) };
    }
    begin() {
      const heading = this.getAttribute("heading") ?? this.words[0];
      this.list = el("ol");
      this.list.setAttribute("role", "list");
      this.list.setAttribute("aria-label", heading || this.words[0]);
      this.list.style.setProperty("--rows", this.limit);
      const head = el("b", "", heading);
      head.setAttribute("role", "heading");
      head.setAttribute("aria-level", this.getAttribute("level") || 2);
      this.box.className = "box list";
      this.box.style.minBlockSize = "";
      this.box.replaceChildren(...(heading ? [el("header", "", head, el("small", "", this.words[1]))] : []), this.list);
    }
    draw(items) {
      if (!items.length) return this.instead();
      if (!this.list.isConnected) this.begin();
      const most = Math.max(1, ...items.map((one) => one.views));
      const hot = items.filter((one) => one.isHot).length * 2 < items.length;
      const fresh = items.some((one) => one.previousRank);
      const focused = this.shadowRoot.activeElement?.href;
      this.list.replaceChildren(...items.map((one) => this.row(one, most, hot, fresh)));
      if (focused) [...this.list.querySelectorAll("a")].find((one) => one.href === focused)?.focus({ preventScroll: true });
      return true;
    }
    row(one, most, hot, fresh) {
      const [, views, hotWord, newWord, up, down, featured] = this.words;
      const href = this.link(one);
      const title = el(href ? "a" : "span", "title", one.title || one.contentId);
      title.title = title.textContent;
      title.dir = "auto";
      if (href) title.href = href;
      const target = /^_(top|parent|blank)$/.exec(this.getAttribute("target"))?.[0];
      if (href && target) Object.assign(title, { target, rel: "noopener" });
      const about = el("div", "about", [one.creator, one.category].filter(Boolean).join(" · "));
      about.dir = "auto";
      const by = one.previousRank ? one.previousRank - one.rank : 0;
      const change = el("span", "change");
      if (by) {
        const arrow = el("span", by > 0 ? "up" : "down", (by > 0 ? "▲ " : "▼ ") + this.number(Math.abs(by)));
        arrow.setAttribute("aria-hidden", "true");
        change.append(arrow, el("span", "said", `${by > 0 ? up : down} ${this.number(Math.abs(by))}`));
      } else if (fresh && !one.previousRank) change.append(newWord);
      const bar = el("span", "bar");
      bar.style.inlineSize = `${(100 * Math.max(0, one.views)) / most}%`;
      const line = el("div", "line", title, ...(one.pinned || one.featured ? [el("span", "hot ruled", featured)] : []), ...(hot && one.isHot ? [el("span", "hot", hotWord)] : []));
      return el("li", "", el("span", "rank", this.number(one.rank)), el("div", "", line, about), el("div", "views", el("span", "said", `${views} `), this.number(Math.max(0, one.views)), change), bar);
    }
    /* An item fills in a path or a query, and never says where a link leads to. */
    link(one) {
      const fill = (id, type) => new URL(this.getAttribute("link").replaceAll(/{(id|type)}/g, (_, name) => encodeURIComponent(name === "id" ? id : type)), document.baseURI);
      try {
        const url = fill(one.contentId, one.contentType);
        return /^https?:$/.test(url.protocol) && url.origin === fill("a", "a").origin ? url.href : "";
      } catch {
        return "";
      }
    }
  }

  class Hot extends Part {
    wanted() {
      return this.stats("isHot");
    }
    begin() {
      // Its place is kept: nothing moves when the answer comes.
      this.box.replaceChildren(el("span", "hot off", this.words[2]));
    }
    draw(isHot) {
      this.begin();
      this.box.firstChild.classList.toggle("off", !isHot);
      return isHot;
    }
    instead() {}
  }

  class Counter extends Part {
    wanted() {
      return this.stats(this.getAttribute("metric") || "viewsTotal");
    }
    begin() {
      this.box.className = "box count";
      this.box.style.setProperty("--digits", parseInt(this.getAttribute("digits") ?? 3) || 0);
      this.box.replaceChildren(el("span"));
    }
    draw(value) {
      if (typeof (value ?? 0) !== "number") return this.instead();
      this.begin();
      this.box.firstChild.textContent = this.number(Math.max(0, value ?? 0), this.getAttribute("format") === "full");
      return true;
    }
  }

  customElements.define("groundswell-trending", Trending);
  customElements.define("groundswell-hot", Hot);
  customElements.define("groundswell-counter", Counter);
})();
