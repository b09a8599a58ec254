"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const root = document.documentElement;
  const main = find("findings");
  const none = find("none");

  // ---- theme ----

  const theme = find("theme");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const named = () => {
    theme.textContent = dark() ? "Light theme" : "Dark theme";
  };
  // From the file system, and where cookies are off, nothing may be kept.
  const kept = (action) => {
    try {
      return action();
    } catch {
      return null;
    }
  };
  const chosen = kept(() => localStorage.getItem("dynaleak-theme"));
  if (chosen === "dark" || chosen === "light") {
    root.dataset.theme = chosen;
  }
  theme.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    kept(() => localStorage.setItem("dynaleak-theme", root.dataset.theme));
    named();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", named);
  named();
  theme.hidden = false;

  // ---- findings ----

  const findings = [...main.querySelectorAll(".finding")].map((element) => ({
    element,
    home: element.parentElement,
    severity: element.dataset.severity,
    rule: element.dataset.rule,
    words: `${element.firstElementChild.textContent} ${element.dataset.in}`.toLowerCase(),
  }));
  if (findings.length === 0) {
    return;
  }
  const files = [...main.querySelectorAll(".group")];
  let groups = files;

  const filter = find("filter");
  const text = find("text");
  const rule = find("rule");
  const shown = find("shown");
  const all = find("all");
  const count = new Intl.NumberFormat("en");

  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const severities = new Set([...filter.querySelectorAll("[name=severity]:checked")].map((box) => box.value));
    let visible = 0;
    for (const finding of findings) {
      const fits =
        severities.has(finding.severity) &&
        (rule.value === "" || finding.rule === rule.value) &&
        words.every((word) => finding.words.includes(word));
      finding.element.hidden = !fits;
      visible += Number(fits);
    }
    for (const group of groups) {
      group.hidden = group.querySelector(".finding:not([hidden])") === null;
    }
    none.hidden = visible > 0;
    const total = `${count.format(findings.length)} ${findings.length === 1 ? "finding" : "findings"}`;
    shown.textContent = visible === findings.length ? total : `${count.format(visible)} of ${total}`;
  };

  let due = 0;
  const soon = () => {
    cancelAnimationFrame(due);
    due = requestAnimationFrame(apply);
  };
  text.addEventListener("input", soon);
  filter.addEventListener("change", soon);
  filter.addEventListener("submit", (event) => event.preventDefault());

  // ---- by file or by rule ----

  const grouped = (by) => {
    main.classList.toggle("by-rule", by === "rule");
    groups.forEach((group) => group.remove());
    if (by === "file") {
      groups = files;
      findings.forEach((finding) => finding.home.append(finding.element));
    } else {
      const rules = new Map();
      for (const finding of findings) {
        if (!rules.has(finding.rule)) {
          rules.set(finding.rule, []);
        }
        rules.get(finding.rule).push(finding.element);
      }
      const names = new Map([...rule.options].map((option) => [option.value, option.dataset.name]));
      groups = [...rules.keys()].sort().map((code) => {
        const section = document.createElement("section");
        section.className = "group";
        const heading = document.createElement("h2");
        const title = document.createElement("code");
        title.textContent = code;
        const many = document.createElement("span");
        many.className = "count";
        many.textContent = `${names.get(code) ?? ""} · ${count.format(rules.get(code).length)}`;
        heading.append(title, many);
        const list = document.createElement("div");
        list.className = "list";
        list.append(...rules.get(code));
        section.append(heading, list);
        return section;
      });
    }
    main.prepend(...groups);
  };
  filter.addEventListener("change", (event) => {
    if (event.target.name === "group") {
      grouped(event.target.value);
    }
  });

  all.addEventListener("click", () => {
    const open = all.textContent === "Open all";
    for (const { element } of findings) {
      if (!element.hidden) {
        element.open = open;
      }
    }
    all.textContent = open ? "Close all" : "Open all";
  });

  // ---- links and keys ----

  const go = (element) => {
    const summary = element.firstElementChild;
    summary.focus({ preventScroll: true });
    summary.scrollIntoView({ block: "nearest" });
  };
  const linked = () => {
    const finding = findings.find(({ element }) => `#${element.id}` === location.hash);
    if (!finding) {
      return;
    }
    if (finding.element.hidden) {
      filter.reset();
      grouped("file");
      apply();
    }
    finding.element.open = true;
    finding.element.scrollIntoView();
    finding.element.firstElementChild.focus({ preventScroll: true });
  };
  addEventListener("hashchange", linked);
  // A second click on the same link changes no hash.
  document.addEventListener("click", (event) => {
    if (event.target.closest("nav a")) {
      setTimeout(linked);
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const typing = event.target.matches("input[type=search], select");
    if (event.key === "Escape" && event.target === text) {
      text.value = "";
      text.blur();
      apply();
    } else if (event.key === "/" && !typing) {
      event.preventDefault();
      text.focus();
    } else if ((event.key === "j" || event.key === "k") && !typing) {
      const visible = [...main.querySelectorAll(".finding:not([hidden])")];
      const at = visible.indexOf(document.activeElement?.closest(".finding"));
      const next = visible[event.key === "j" ? at + 1 : Math.max(at - 1, 0)];
      if (next) {
        go(next);
      }
    }
  });

  filter.hidden = false;
  // A page that is loaded again keeps what was filled in.
  grouped(filter.elements.group.value);
  apply();
  linked();
})();
