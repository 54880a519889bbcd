import { render } from 'preact';
import '../style.css';
import { applyTheme, storedTheme } from '../theme';
import type { TryData } from './network';
import { Try } from './try';
import './try.css';

applyTheme(storedTheme());
const data = JSON.parse(document.getElementById('try')!.textContent!) as TryData | null;
const page = document.getElementById('page')!;
if (data) {
    document.title = `${data.model} · nachos`;
    render(<Try data={data} />, page);
} else page.textContent = 'This page is empty; nachos report --try writes it with a network inside.';
