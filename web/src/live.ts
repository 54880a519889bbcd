// The page of a search that runs: fetches the study, and again whenever the server says that it has changed.
import type { RawStudy } from './data';

export type Connection = 'none' | 'waiting' | 'open' | 'lost';

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

export function follow(onStudy: (raw: RawStudy) => void, onConnection: (c: Connection) => void): () => void {
    let busy = false;
    let again = false;
    let stopped = false;
    const load = async () => {
        if (busy) {
            again = true; // one fetch at a time; what changed meanwhile is fetched behind it
            return;
        }
        busy = true;
        const start = performance.now();
        try {
            const response = await fetch('study.json', { cache: 'no-store' });
            if (!response.ok) throw new Error(response.statusText);
            const raw = (await response.json()) as RawStudy;
            if (!stopped) onStudy(raw);
        } catch {
            if (!stopped) onConnection('lost');
        }
        await pause(0); // until it is drawn
        await pause(performance.now() - start); // a large study keeps the page busy for half of the time at most
        busy = false;
        if (again && !stopped) {
            again = false;
            void load();
        }
    };
    const events = new EventSource('events');
    events.addEventListener('study', () => void load());
    events.addEventListener('open', () => {
        onConnection('open');
        void load();
    });
    events.addEventListener('error', () => onConnection('lost')); // the browser tries again by itself
    onConnection('waiting');
    void load();
    return () => {
        stopped = true;
        events.close();
    };
}
