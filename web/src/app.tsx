import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Learnt, Origin, Protocol } from './about';
import { AnswerText, Commands, DesignFigures, LimitFields, Name, studyLimits } from './answer';
import { Comparators, verdict } from './compare';
import { Curve, curveOf } from './curve';
import { studyOf, type Design, type Limits, type RawStudy, type Source, type Study } from './data';
import { Drawing } from './drawing';
import { macs, percent, plural } from './format';
import { Front } from './front';
import { answer as answerOf } from './limits';
import { follow, type Connection } from './live';
import { Section, useSettled } from './parts';
import { SampleGallery } from './samples';
import { SearchHistory } from './search';
import { Designs } from './table';
import { applyTheme, storedTheme, type Theme } from './theme';
import { Trust } from './trust';

/** Counts changes of the theme, chosen or the system's, so that charts are drawn anew. */
function useTheme(): [Theme, number, () => void] {
    const [theme, setTheme] = useState<Theme>(storedTheme);
    const [changes, setChanges] = useState(0);
    useEffect(() => {
        const query = matchMedia('(prefers-color-scheme: dark)');
        const changed = () => setChanges((n) => n + 1);
        query.addEventListener('change', changed);
        return () => query.removeEventListener('change', changed);
    }, []);
    const turn = () => {
        const next: Record<Theme, Theme> = { auto: 'light', light: 'dark', dark: 'auto' };
        applyTheme(next[theme]);
        setTheme(next[theme]);
        setChanges((n) => n + 1);
    };
    return [theme, changes, turn];
}

function stateText(study: Study): string {
    const { raw } = study;
    const evaluated = plural(raw.designs.length, 'architecture');
    const failed = study.failed.length > 0 ? `, ${study.failed.length} of them failed` : '';
    if (raw.designs.length === 0 && study.trained.length === 0) return 'The search has not evaluated anything yet.';
    const networks = new Set(study.trained.map((d) => d.network.id)).size;
    if (networks === 0) return `${evaluated} evaluated${failed}; nothing is trained for good yet, so accuracy is that of shared weights on the validation images.`;
    return `${evaluated} evaluated${failed}, ${plural(networks, 'network')} trained for good.`;
}

const kConnections: Record<Exclude<Connection, 'none'>, string> = { waiting: 'connecting', open: 'live', lost: 'connection lost, trying again' };

function Header({ study, connection, theme, onTheme }: { study: Study; connection: Connection; theme: Theme; onTheme: () => void }) {
    const { facts } = study.raw;
    const asked = studyLimits(facts.limits);
    const some = facts.classes.slice(0, 12).join(', ') + (facts.classes.length > 12 ? ', …' : '');
    return (
        <header>
            <div class="row">
                <p class="brand">nachos</p>
                {connection !== 'none' && (
                    <p class={`live ${connection}`} role="status">
                        {kConnections[connection]}
                    </p>
                )}
                <button type="button" class="quiet push" onClick={onTheme}>
                    Theme: {theme}
                </button>
            </div>
            <h1>Early-exit networks for {facts.data}</h1>
            <p class="note">
                {plural(facts.classes.length, 'class', 'classes')}: {some}. {stateText(study)}
            </p>
            <ul class="asked" aria-label="Limits of the study">
                {(asked.length > 0 ? asked : ['no limits']).map((text) => (
                    <li key={text}>{text}</li>
                ))}
            </ul>
        </header>
    );
}

function Contents({ items }: { items: [string, string][] }) {
    return (
        <nav aria-label="Sections">
            {items.map(([id, name]) => (
                <a key={id} href={`#${id}`}>
                    {name}
                </a>
            ))}
        </nav>
    );
}

function Sources({ study, source, onSource }: { study: Study; source: Source; onSource: (s: Source) => void }) {
    if (study.trained.length === 0) return null;
    const choice = (value: Source, text: string) => (
        <label>
            <input type="radio" name="source" checked={source === value} onChange={() => onSource(value)} />
            {text}
        </label>
    );
    return (
        <fieldset class="choice">
            <legend class="sr">Choose from</legend>
            {choice('trained', `trained designs (${study.trained.length})`)}
            {choice('searched', `all searched (${study.searched.length})`)}
        </fieldset>
    );
}

function DesignSections({ study, design, isAnswer, theme, onFree }: { study: Study; design: Design; isAnswer: boolean; theme: number; onFree: () => void }) {
    const [dial, setDial] = useState<number | null>(null);
    const key = useRef(design.key);
    const own = key.current !== design.key ? null : dial;
    if (key.current !== design.key) {
        key.current = design.key; // another design: its own operating point again
        if (dial !== null) setDial(null);
    }
    const curve = useMemo(() => curveOf(study, design), [study, design]);
    const figures = own === null ? (design.test ?? design.figures) : curve[Math.min(own, curve.length - 1)]!;
    const onCalibration = own === null ? design.figures : figures;
    const { detail } = design.network;
    return (
        <>
            <Section
                id="design"
                title={isAnswer ? 'The design' : 'The design you chose'}
                note={
                    <>
                        <Name design={design} />, the band is the images: at each exit, those it is sure enough of leave.{' '}
                        {!isAnswer && (
                            <button type="button" class="quiet" onClick={onFree}>
                                Back to the answer
                            </button>
                        )}
                    </>
                }
            >
                <DesignFigures design={design} />
                <p class="note">
                    Costs count every exit that an image passes. By the paper's accounting, in which an exit that is not taken is free, the average is {macs(design.avgPaper)} instead of {macs(design.figures.avg)} ({percent(1 - design.avgPaper / design.figures.avg, 1)} less), {design.network.file ? 'on the calibration images' : 'on the validation images'}.
                </p>
                <Drawing design={design} figures={figures} resolution={study.raw.facts.resolution} />
                <h3>{design.network.file ? "Run it, or take it to a device (in the study's folder)" : "Train it for good, with the others of the front (in the study's folder)"}</h3>
                <Commands design={design} />
            </Section>
            {curve.length > 1 && (
                <Section id="thresholds" title="One network, many operating points" note="Nothing is trained again: the confidence at which an image may leave moves, and with it what the network costs and how often it is right. The drawing above and the images below follow.">
                    <Curve study={study} design={design} curve={curve} dial={own} theme={theme} onDial={setDial} />
                </Section>
            )}
            {detail?.confidences && study.raw.samples && (
                <Section id="images" title="From easy to hard" note="Some calibration images at the exit they leave at, those the first exit is surest of first. × marks a wrong answer; point at an image for what it is.">
                    <SampleGallery study={study} design={design} figures={onCalibration} />
                </Section>
            )}
            {detail && detail.reliability.length > 0 && (
                <Section
                    id="trust"
                    title="How far its exits can be trusted"
                    note={`Of the ${detail.reliability_part} images that an exit is so sure of, the share it is right on. On the dashed line it is neither too sure nor too modest.`}
                >
                    <Trust detail={detail} theme={theme} />
                </Section>
            )}
        </>
    );
}

function useLimits(own: Limits): [Limits, (l: Limits) => void] {
    const [set, setLimits] = useState<Limits | null>(null);
    const kept = useMemo(() => own, [JSON.stringify(own)]); // the same object while a growing study is read anew
    return [set ?? kept, setLimits];
}

/** The study as it is shown; what the user chose stays while the study grows. */
function Page({ study, connection }: { study: Study; connection: Connection }) {
    const { raw } = study;
    const [themeName, theme, turnTheme] = useTheme();
    const [limits, setLimits] = useLimits(raw.facts.limits);
    const [wanted, setSource] = useState<Source>('trained');
    const [pinned, setPinned] = useState<string | null>(null);
    const source: Source = study.trained.length > 0 ? wanted : 'searched';
    const designs = source === 'trained' ? study.trained : study.searched;
    const answer = useMemo(() => answerOf(designs, limits), [designs, limits]);
    const byKey = useMemo(() => new Map([...study.searched, ...study.trained].map((d) => [`${d.network.file ? 't' : 's'} ${d.key}`, d])), [study]);
    const chosen = (pinned !== null && byKey.get(pinned)) || answer.best;
    const drawn = useSettled(chosen, 80);
    const choose = (d: Design | null) => setPinned(d && `${d.network.file ? 't' : 's'} ${d.key}`);
    const any = study.searched.length > 0 || study.trained.length > 0;
    const pays = verdict(raw);
    const changeLimits = (l: Limits) => {
        setLimits(l);
        setPinned(null);
    };
    const sections: [string, string][] = [['answer', 'Which one'], ['cost', 'Cost']];
    if (chosen) sections.push(['design', 'Design']);
    if (raw.comparison.rows.length > 0) sections.push(['pays', 'Compared']);
    if (any) sections.push(['all', 'All designs']);
    if (raw.history.length > 0) sections.push(['search', 'Search']);
    sections.push(['measured', 'Measured how'], ['origin', 'Made with']);
    return (
        <>
            <a class="skip" href="#answer">
                To the answer
            </a>
            <div class="page">
                <Header study={study} connection={connection} theme={themeName} onTheme={turnTheme} />
                <Contents items={sections} />
                <main>
                    <Section id="answer" title="Which design for which budget?">
                        <div class="ask">
                            <div>
                                <Sources study={study} source={source} onSource={(s) => (setSource(s), setPinned(null))} />
                                <LimitFields designs={designs} limits={limits} own={raw.facts.limits} onChange={changeLimits} />
                            </div>
                            <div class="say" aria-live="polite" aria-atomic="true">
                                <AnswerText study={study} source={source} designs={designs} limits={limits} answer={answer} />
                                {pays && (
                                    <p class="note">
                                        {pays.text} <a href="#pays">Compared with what?</a>
                                    </p>
                                )}
                            </div>
                        </div>
                    </Section>
                    {any && (
                        <Section id="cost" title="What accuracy costs">
                            <Front study={study} designs={designs} limits={limits} answer={answer} chosen={chosen} theme={theme} onChoose={choose} />
                        </Section>
                    )}
                    {chosen && drawn && <DesignSections study={study} design={drawn} isAnswer={drawn === answer.best} theme={theme} onFree={() => setPinned(null)} />}
                    {raw.comparison.rows.length > 0 && (
                        <Section id="pays" title="Does early exit pay here?" note="All were trained with the same epochs and measured alike.">
                            <Comparators study={raw} />
                        </Section>
                    )}
                    {any && (
                        <Section
                            id="all"
                            title="All designs"
                            note="Accuracy on each part of the data; average, 95 % and worst cost in executed MACs, every exit passed included; paper MACs leave out the exits not taken. Limits are those set above."
                        >
                            <Designs study={study} front={answer.front} limits={limits} chosen={chosen} onChoose={choose} />
                        </Section>
                    )}
                    {raw.history.length > 0 && (
                        <Section id="search" title="How the search went">
                            <SearchHistory history={raw.history} theme={theme} />
                        </Section>
                    )}
                    {raw.learnt.designs.length > 0 && (
                        <Section id="learnt" title="What was learnt with the supernet" note="One design a budget. Expected: average cost on the validation part by the gates as learnt, before any thresholds. Tuned: with thresholds fitted for the budget, on images they were not fitted on.">
                            <Learnt study={raw} />
                        </Section>
                    )}
                    <Section id="measured" title="How this was measured">
                        <Protocol study={raw} />
                    </Section>
                    <Section id="origin" title="Made with">
                        <Origin study={raw} />
                    </Section>
                </main>
            </div>
        </>
    );
}

function Message({ text }: { text: string }) {
    return (
        <main class="page">
            <p class="brand">nachos</p>
            <h1>{text}</h1>
        </main>
    );
}

export function App({ embedded }: { embedded: RawStudy | null }) {
    const [raw, setRaw] = useState(embedded);
    const [connection, setConnection] = useState<Connection>('none');
    useEffect(() => (embedded === null ? follow(setRaw, setConnection) : undefined), []);
    const read = useMemo(() => {
        try {
            return raw && studyOf(raw);
        } catch (error) {
            return error instanceof Error ? error.message : String(error);
        }
    }, [raw]);
    const name = typeof read === 'object' && read ? read.raw.facts.data : null;
    useEffect(() => {
        document.title = name === null ? 'nachos' : `${name} · nachos`;
    }, [name]);
    if (typeof read === 'string') return <Message text={read} />;
    if (!read) return <Message text={connection === 'lost' ? 'The server does not answer. Trying again …' : 'Waiting for the study …'} />;
    return <Page study={read} connection={connection} />;
}
