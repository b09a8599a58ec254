// The HTML report as a person uses it: node report.mjs DYNALEAK CHROMIUM SCRATCH [SHOTS]
//
// With SHOTS, a folder, pictures are kept there.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../editors/vscode/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const [dynaleak, executablePath, scratch, shots] = process.argv.slice(2);
if (shots) {
  mkdirSync(shots, { recursive: true });
}

// ---- the reports ----

function report(folder, name) {
  const file = join(scratch, `${name}.html`);
  const run = spawnSync(dynaleak, ["check", "-q", "--output-format", "json", "--show-ignored", "--output", `html=${file}`, "."], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  assert.equal(run.status, 1, run.stderr);
  const { findings } = JSON.parse(run.stdout);
  return { url: pathToFileURL(file).href, file, findings };
}

const shop = join(scratch, "shop");
cpSync(new URL("../projects/shop", import.meta.url), shop, { recursive: true });
// What would break out of the page, were it not text.
const hostile = join(scratch, "hostile");
mkdirSync(join(hostile, "a&b"), { recursive: true });
writeFileSync(
  join(hostile, "a&b", "</title><img src=x onerror=alert(1)>.py".replaceAll("/", "\u2215")),
  `import boto3
PENDING = {}
table = boto3.resource("dynamodb").Table("orders")


def collect(key):
    PENDING[key + "</script><script>document.title='owned'</script><b>'\\"&amp;"] = table.scan()["Items"]  # <!-- \u202e dne -->
`,
);
const many = join(scratch, "many");
mkdirSync(many);
const head = `import boto3\ntable = boto3.resource("dynamodb").Table("orders")\n`;
// A name of its own in each: rewrites look at all places that have it.
const collect = (file, number) => `
PENDING_${file}_${number} = []


def collect_${number}():
    for item in table.scan()["Items"]:
        PENDING_${file}_${number}.append(item)
`;
for (let file = 0; file < 50; file += 1) {
  const functions = Array.from({ length: 100 }, (_, number) => collect(file, number));
  writeFileSync(join(many, `orders_${file}.py`), head + functions.join(""));
}

// ---- the browser ----

const context = await chromium.launchPersistentContext(join(scratch, "profile"), {
  executablePath,
  headless: true,
  viewport: { width: 1320, height: 900 },
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
// On a busy machine a browser takes its time.
const PATIENCE = 150_000;
context.setDefaultTimeout(PATIENCE);
const shot = async (page, name, options) => shots && page.screenshot({ path: join(shots, `${name}.png`), ...options });

async function open(of, settings = {}) {
  const page = await (settings.context ?? context).newPage();
  const asked = [];
  const said = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  await page.emulateMedia({ colorScheme: settings.theme ?? "light" });
  await page.goto(of.url);
  return { page, asked, said };
}

const visible = (page) => page.locator(".finding:visible").count();
const shown = (page) => page.locator("#shown").textContent();
const settled = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

async function filters(of) {
  const { page, asked, said } = await open(of);
  const total = of.findings.length;
  assert.equal(await page.locator(".finding").count(), total);
  assert.equal(await visible(page), total);
  await shot(page, "light");

  const count = (wanted) => of.findings.filter(wanted).length;
  const level = (finding) => (finding.ignored ? "ignored" : finding.severity === "info" ? "note" : finding.severity);
  await page.getByText("Warnings", { exact: true }).last().click();
  await settled(page);
  assert.equal(await visible(page), count((finding) => level(finding) !== "warning"));
  assert.match(await shown(page), new RegExp(`^\\d+ of ${total} findings$`));
  await page.getByText("Warnings", { exact: true }).last().click();

  const { code } = of.findings[0];
  await page.selectOption("#rule", code);
  await settled(page);
  assert.equal(await visible(page), count((finding) => finding.code === code));
  await page.selectOption("#rule", "");

  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "text");
  await page.keyboard.type("session");
  await settled(page);
  const some = await visible(page);
  assert.ok(some > 0 && some < total, `${some} of ${total}`);
  await shot(page, "filtered");
  await page.keyboard.type(" no such words");
  await settled(page);
  assert.equal(await visible(page), 0);
  assert.ok(await page.locator("#none").isVisible());
  await page.keyboard.press("Escape");
  await settled(page);
  assert.equal(await visible(page), total);

  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator(".finding[open]").count(), 1);
  assert.ok(await page.locator(".finding[open] .source").isVisible());

  await page.getByText("By rule", { exact: true }).click();
  await settled(page);
  const codes = [...new Set(of.findings.map((finding) => finding.code))].sort();
  assert.deepEqual(await page.locator(".group h2 code").allTextContents(), codes);
  assert.equal(await visible(page), total);
  await shot(page, "by-rule");
  await page.getByText("By file", { exact: true }).click();
  await settled(page);

  await page.locator("nav summary").first().click();
  await page.locator("nav li a").first().click();
  await settled(page);
  const target = new URL(page.url()).hash;
  assert.ok(await page.locator(`${target} .body`).isVisible());

  await page.click("#theme");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await page.reload();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await page.click("#theme");
  assert.deepEqual(asked.filter((url) => url.split("#")[0] !== of.url), []);
  assert.deepEqual(said, []);
  await page.close();
}

async function looks(of) {
  for (const theme of ["light", "dark"]) {
    const { page } = await open(of, { theme });
    await page.evaluate(() => localStorage.clear());
    await page.reload();
    const back = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const bright = back.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) > 382;
    assert.equal(bright, theme === "light", `${theme}: ${back}`);
    const held = page.locator(".finding:has(.last)");
    for (let number = 0; number < 2; number += 1) {
      await held.nth(number).locator("summary").click();
    }
    await held.first().scrollIntoViewIfNeeded();
    await page.evaluate(() => document.activeElement.blur());
    await shot(page, `open-${theme}`);
    await page.evaluate(() => scrollTo(0, 0));
    await shot(page, `top-${theme}`);
    await page.setViewportSize({ width: 420, height: 860 });
    await shot(page, `narrow-${theme}`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it scrolls sideways");
    await page.setViewportSize({ width: 1320, height: 900 });
    await page.close();
  }
}

async function stays_text(of) {
  const { page, said } = await open(of);
  await page.locator(".finding summary").first().click();
  assert.equal(await page.locator("img, b b, script:not(:last-of-type)").count(), 0);
  assert.equal(await page.title(), `dynaleak: ${of.findings.length === 1 ? "1 finding" : `${of.findings.length} findings`}`);
  assert.match(await page.locator(".source").first().textContent(), /<\/script><script>document\.title='owned'/);
  await shot(page, "hostile");
  assert.deepEqual(said, []);
  await page.close();
}

async function reads_without_scripts(of) {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  const plain = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1320, height: 900 } });
  plain.setDefaultTimeout(PATIENCE);
  const page = await plain.newPage();
  await page.goto(of.url);
  assert.equal(await page.locator(".finding").count(), of.findings.length);
  assert.ok(!(await page.locator("#filter").isVisible()));
  await page.locator(".finding summary").first().click();
  assert.ok(await page.locator(".finding .body").first().isVisible());
  await shot(page, "no-scripts");
  await browser.close();
}

async function bears_many(of) {
  assert.equal(of.findings.length, 5000);
  const started = performance.now();
  const { page } = await open(of);
  assert.equal(await page.locator(".finding").count(), 5000);
  const loaded = performance.now();
  await page.fill("#text", "collect_77");
  await page.waitForFunction(() => document.querySelectorAll(".finding:not([hidden])").length === 50);
  const filtered = performance.now();
  await page.fill("#text", "");
  await page.getByText("By rule", { exact: true }).click();
  await settled(page);
  const grouped = performance.now();
  const elements = await page.evaluate(() => document.getElementsByTagName("*").length);
  const bytes = readFileSync(of.file).length;
  const ms = (from, to) => `${Math.round(to - from)} ms`;
  console.log(
    `5,000 findings: ${(bytes / 1e6).toFixed(1)} MB, ${elements} elements; opened in ${ms(started, loaded)}, ` +
      `filtered in ${ms(loaded, filtered)}, grouped in ${ms(filtered, grouped)}`,
  );
  await page.close();
}

// ---- all of it ----

const one = report(shop, "shop");
const again = readFileSync(one.file);
report(shop, "shop");
assert.ok(again.equals(readFileSync(one.file)), "two runs write different reports");
await filters(one);
await looks(one);
await stays_text(report(hostile, "hostile"));
await reads_without_scripts(one);
await bears_many(report(many, "many"));
await context.close();
console.log("the HTML report: fine");
