// What the browser tests share: the browser, pages whose every error is kept, axe-core.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const kLong = 30_000;
const kAxe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const program = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => p && existsSync(p));
if (!program) {
    console.log('skipped: no chromium (apt-get install chromium, or CHROMIUM=...)');
    process.exit(77);
}
export const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-dev-shm-usage'] });

/** A page whose every error fails the test, and every request to elsewhere. `prepare` sees it before it opens its address, a file or http://. */
export async function open(address, { server = false, prepare, ...options } = {}) {
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, acceptDownloads: true, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(kLong);
    page.faults = [];
    page.on('console', (m) => (m.type() === 'error' || m.type() === 'warning') && page.faults.push(m.text()));
    page.on('pageerror', (e) => page.faults.push(String(e)));
    page.on('request', (r) => !server && !/^(file|data|blob):/.test(r.url()) && page.faults.push(`request to ${r.url()}`));
    if (prepare) await prepare(page);
    await page.goto(address.startsWith('http') ? address : pathToFileURL(path.resolve(address)).href);
    await page.waitForSelector('h1');
    return page;
}

export async function close(page) {
    assert.deepEqual(page.faults, []);
    await page.context().close();
}

export const text = (page, selector) => page.locator(selector).first().innerText();

/** Waits until the text matches, for pages answer a frame later. */
export async function says(page, selector, pattern, milliseconds = 5000) {
    let found = '';
    for (const end = Date.now() + milliseconds; Date.now() < end; await page.waitForTimeout(30)) {
        found = await text(page, selector);
        if (pattern.test(found)) return;
    }
    assert.match(found, pattern);
}

/** Sets a range input as a hand does. */
export const slide = (page, selector, value) =>
    page.locator(selector).evaluate((input, v) => {
        input.value = String(v);
        input.dispatchEvent(new Event('input', { bubbles: true }));
    }, value);

export async function accessible(page, name) {
    await page.evaluate(kAxe);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
    assert.deepEqual(
        serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`),
        [],
        `axe-core on ${name}`,
    );
}

/** Runs them one after the other and ends the program; ONLY= names a part of those wanted. */
export async function runAll(tests) {
    let failed = 0;
    for (const [name, run] of Object.entries(tests)) {
        if (process.env.ONLY && !name.includes(process.env.ONLY)) continue;
        const start = performance.now();
        try {
            await run();
            console.log(`ok   ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
        } catch (error) {
            ++failed;
            console.log(`FAIL ${name}\n${error.stack ?? error}`);
        }
    }
    await browser.close();
    process.exit(failed > 0 ? 1 : 0);
}
