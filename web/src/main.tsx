import { render } from 'preact';
import { App } from './app';
import type { RawStudy } from './data';
import './style.css';
import { applyTheme, storedTheme } from './theme';

applyTheme(storedTheme());
const embedded = JSON.parse(document.getElementById('study')!.textContent!) as RawStudy | null;
render(<App embedded={embedded} />, document.getElementById('page')!);
