// The page of `nachos report --try` in Chromium, on the studies that try_maker made: node tests/try.mjs NACHOS STUDIES SCREENSHOTS
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { accessible, close, open, runAll, says, slide, text } from './session.mjs';

const [nachos, studies, shots] = process.argv.slice(2);
mkdirSync(shots, { recursive: true });

/** Written by the real program. */
function tryPage(measure) {
    const file = path.join(studies, measure, 'try.html');
    assert.equal(execFileSync(nachos, ['report', path.join(studies, measure), '--try'], { encoding: 'utf8' }).trim(), file);
    return file;
}

const ready = (page) => says(page, '[role=status]', /Ready/, 30_000);

const tests = {
    async 'every sample leaves where it was recorded, at every operating point, by every measure'() {
        for (const { name: measure } of readdirSync(studies, { withFileTypes: true }).filter((e) => e.isDirectory())) {
            const page = await open(tryPage(measure));
            await ready(page);
            await page.click('text=Check all samples');
            await says(page, '#checked', /^40 samples at 3 operating points: every one leaves at the exit that was recorded in training, with the same answer\.$/, 30_000);
            await close(page);
        }
    },

    async 'stage after stage lights up, and what lies behind the exit is never computed'() {
        const page = await open(tryPage('max_prob'));
        await ready(page);
        await slide(page, '#operating', 0);
        await page.locator('.picks button').first().click();
        await says(page, '.outcome', /at exit 1, for .* MACs of .*: \d+ % spared\./);
        const stages = page.locator('.stages > li');
        assert.match(await stages.first().innerText(), /stops here/);
        assert.match(await stages.last().innerText(), /never computed/);
        await slide(page, '#operating', 2);
        await says(page, '.outcome', /at the final classifier/, 10_000);
        assert.match(await stages.last().innerText(), /stops here/);
        await slide(page, '#operating', 1);
        await page.waitForTimeout(2500);
        await page.screenshot({ path: path.join(shots, 'try.png'), fullPage: true });
        await accessible(page, 'try.html');
        await close(page);
    },

    async 'an image of the user is taken, and what is none is refused in a sentence'() {
        const page = await open(tryPage('gate'), { colorScheme: 'dark', viewport: { width: 390, height: 844 } });
        await ready(page);
        // One red pixel, PNG.
        const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==', 'base64');
        writeFileSync(path.join(studies, 'red.png'), png);
        await page.setInputFiles('input[type=file]', path.join(studies, 'red.png'));
        await says(page, '.outcome', /class "\d"/, 10_000);
        writeFileSync(path.join(studies, '..', 'none.png'), 'no image');
        await page.setInputFiles('input[type=file]', path.join(studies, '..', 'none.png'));
        await says(page, '[role=alert]', /none\.png is no image that this browser reads\./);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${overflow} pixels too wide`);
        await accessible(page, 'try.html, dark, narrow');
        await page.screenshot({ path: path.join(shots, 'try-dark-phone.png'), fullPage: true });
        await close(page);
    },

    async 'is a file of its own, small enough to send'() {
        const bytes = statSync(tryPage('entropy')).size;
        console.log(`  try.html: ${bytes} bytes`);
        assert.ok(bytes < 6e6, `${bytes} bytes`);
    },
};

await runAll(tests);
