// Small parts that sections share.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export function Section({ id, title, note, children }: { id: string; title: string; note?: ComponentChildren; children: ComponentChildren }) {
    return (
        <section id={id} aria-labelledby={`${id}-title`}>
            <h2 id={`${id}-title`}>{title}</h2>
            {note && <p class="note">{note}</p>}
            {children}
        </section>
    );
}

export function Figure({ value, what, strong = false }: { value: string; what: ComponentChildren; strong?: boolean }) {
    return (
        <div class={strong ? 'tile first' : 'tile'}>
            <dt>{what}</dt>
            <dd>{value}</dd>
        </div>
    );
}

/** Copies text; where the browser forbids it to a page from disk, by the old way. */
export async function copy(text: string): Promise<boolean> {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        const area = document.createElement('textarea');
        area.value = text;
        area.style.position = 'fixed';
        area.style.opacity = '0';
        document.body.append(area);
        area.select();
        const done = document.execCommand('copy');
        area.remove();
        return done;
    }
}

export function CopyButton({ text, label }: { text: () => string; label: string }) {
    const [said, setSaid] = useState('');
    const press = async () => {
        setSaid((await copy(text())) ? 'Copied' : 'Not allowed');
        setTimeout(() => setSaid(''), 1500);
    };
    return (
        <button type="button" class="quiet" onClick={() => void press()} aria-label={said === '' ? label : `${label}: ${said}`}>
            {said === '' ? 'Copy' : said}
        </button>
    );
}

export function Command({ text }: { text: string }) {
    return (
        <div class="command">
            <code tabIndex={0}>{text}</code>
            <CopyButton text={() => text} label={`Copy the command: ${text}`} />
        </div>
    );
}

/** A table wider than the page scrolls by itself, with the keyboard too. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
    return (
        <div class="scroll" role="region" aria-label={label} tabIndex={0}>
            {children}
        </div>
    );
}

/** The value once it has stood still: what is far from a slider need not follow each of its steps. */
export function useSettled<T>(value: T, milliseconds: number): T {
    const [settled, setSettled] = useState(value);
    useEffect(() => {
        const timer = setTimeout(() => setSettled(() => value), milliseconds);
        return () => clearTimeout(timer);
    }, [value]);
    return settled;
}
