// Light, dark, or as the system says; and the colours of charts, which stand in the style sheet like all others.
export type Theme = 'auto' | 'light' | 'dark';

const kKey = 'nachos-theme';

export function storedTheme(): Theme {
    try {
        const stored = localStorage.getItem(kKey);
        if (stored === 'light' || stored === 'dark') return stored;
    } catch {
        // A page from disk may have no storage.
    }
    return 'auto';
}

export function applyTheme(theme: Theme): void {
    const root = document.documentElement;
    if (theme === 'auto') delete root.dataset['theme'];
    else root.dataset['theme'] = theme;
    try {
        localStorage.setItem(kKey, theme);
    } catch {
        // likewise
    }
}

export interface Colours {
    ink: string;
    muted: string;
    line: string;
    faint: string;
    accent: string;
    second: string;
    seen: string;
    wash: string;
    shade: string;
    card: string;
    font: string;
}

export function colours(): Colours {
    const style = getComputedStyle(document.documentElement);
    const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
    return {
        ink: of('ink'),
        muted: of('muted'),
        line: of('line'),
        faint: of('faint'),
        accent: of('accent'),
        second: of('second'),
        seen: of('seen'),
        wash: of('wash'),
        shade: of('shade'),
        card: of('card'),
        font: getComputedStyle(document.body).fontFamily,
    };
}
