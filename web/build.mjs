// Builds each page as one file without any request to elsewhere: dist/report.html and dist/try.html.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { viteSingleFile } from 'vite-plugin-singlefile';

const root = path.dirname(fileURLToPath(import.meta.url));

for (const page of ['report', 'try']) {
    await build({
        configFile: false,
        logLevel: 'warn',
        root,
        plugins: [viteSingleFile({ removeViteModuleLoader: true })],
        esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
        // ONNX Runtime uses the part that it brings itself only where it comes from the page's own origin, and a page from disk has none:
        // it is given one, from which nothing is ever fetched.
        define: { 'import.meta.url': '"https://page.invalid/"', 'location.origin': '"https://page.invalid"' },
        build: {
            target: 'es2022',
            minify: !process.env.DEBUG,
            emptyOutDir: false,
            rollupOptions: { input: path.join(root, `${page}.html`) },
        },
    });
}

// ONNX Runtime's WebAssembly goes into the page itself, compressed: a page from disk may fetch nothing.
const wasm = path.join(path.dirname(createRequire(import.meta.url).resolve('onnxruntime-web')), 'ort-wasm-simd-threaded.wasm');
const page = path.join(root, 'dist/try.html');
const place = '<script type="text/plain" id="wasm"></script>';
const html = readFileSync(page, 'utf8');
if (!html.includes(place)) throw new Error(`${page} has no place for the WebAssembly`);
writeFileSync(page, html.replace(place, () => place.replace('><', `>${gzipSync(readFileSync(wasm), { level: 9 }).toString('base64')}<`)));
