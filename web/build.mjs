// Builds each page as one file without any request to elsewhere: dist/report.html.
import { build } from 'vite';
import { viteSingleFile } from 'vite-plugin-singlefile';

for (const page of ['report']) {
    await build({
        configFile: false,
        logLevel: 'warn',
        root: import.meta.dirname ?? new URL('.', import.meta.url).pathname,
        plugins: [viteSingleFile({ removeViteModuleLoader: true })],
        esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
        build: {
            target: 'es2022', minify: !process.env.DEBUG,
            emptyOutDir: false,
            rollupOptions: { input: `${page}.html` },
        },
    });
}
