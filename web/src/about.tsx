// How figures were measured, and what made them.
import type { RawStudy } from './data';
import { count, macs, percent, plural } from './format';
import { CopyButton, Scroll } from './parts';

export function Protocol({ study }: { study: RawStudy }) {
    const { images, split_digest, notes } = study.facts;
    const reads = study.test_reads;
    return (
        <>
            {notes.map((note) => (
                <p key={note} class="warn">
                    {note}
                </p>
            ))}
            <dl class="facts">
                <div>
                    <dt>train</dt>
                    <dd>{images.train.toLocaleString('en')} images: weights</dd>
                </div>
                <div>
                    <dt>validation</dt>
                    <dd>{images.validation.toLocaleString('en')}: what the search sees</dd>
                </div>
                <div>
                    <dt>calibration</dt>
                    <dd>{images.calibration.toLocaleString('en')}: final thresholds and temperatures, seen by no training</dd>
                </div>
                <div>
                    <dt>test</dt>
                    <dd>{images.test === 0 ? 'there is no test split' : `${images.test.toLocaleString('en')}: final figures; nothing was chosen or fitted on them`}</dd>
                </div>
            </dl>
            <p>
                {images.test > 0 && (
                    <>
                        The test split was read <b>{plural(reads.length, 'time')}</b>.{' '}
                    </>
                )}
                Operating points are cross-fitted: no image is scored by thresholds it helped to fit. Costs are executed multiply-accumulate operations: an image that leaves at exit 3 has paid for exits 1 and 2 as well. “Paper MACs” leave
                those out, as the published accounting does; they stand beside ours, never instead.
            </p>
            {reads.length > 0 && (
                <ul class="plain note">
                    {reads.map((read, i) => (
                        <li key={i}>
                            {read.time}: {read.purpose}
                        </li>
                    ))}
                </ul>
            )}
            <p class="note">
                Split <code>{split_digest}</code>
            </p>
        </>
    );
}

const kStart: Record<string, string> = { version: 'nachos', commit: 'commit', libtorch: 'libtorch', cpu: 'processor', threads: 'threads' };

export function Origin({ study }: { study: RawStudy }) {
    const { start, program, facts } = study;
    const rows = start === null ? [] : Object.entries(kStart).flatMap(([key, name]) => (key in start ? [[name, String(start[key])]] : []));
    const time = start && typeof start['unix_time'] === 'number' ? new Date(start['unix_time'] * 1000).toISOString().slice(0, 16).replace('T', ' ') : null;
    return (
        <>
            <dl class="facts">
                <div>
                    <dt>search space</dt>
                    <dd>{facts.space || 'nothing evaluated yet'}</dd>
                </div>
                <div>
                    <dt>confidence measure</dt>
                    <dd>{facts.measure}</dd>
                </div>
                <div>
                    <dt>fidelity</dt>
                    <dd>{facts.fidelity}</dd>
                </div>
                {rows.map(([name, value]) => (
                    <div key={name}>
                        <dt>{name}</dt>
                        <dd>{value}</dd>
                    </div>
                ))}
                {time && (
                    <div>
                        <dt>last started (UTC)</dt>
                        <dd>{time}</dd>
                    </div>
                )}
                <div>
                    <dt>this page</dt>
                    <dd>
                        nachos {program.version} ({program.commit})
                    </dd>
                </div>
            </dl>
            <details>
                <summary>Configuration</summary>
                <p class="note">
                    <CopyButton text={() => study.config} label="Copy the configuration" />
                </p>
                <pre tabIndex={0}>{study.config}</pre>
            </details>
        </>
    );
}

export function Learnt({ study }: { study: RawStudy }) {
    const { designs, collapse } = study.learnt;
    const relative = (value: number | null, budget: number) => (value === null ? '–' : `${count(value)} (${value >= budget ? '+' : '−'}${percent(Math.abs(value / budget - 1), 1)})`);
    return (
        <>
            {collapse !== '' && <p class="warn">They are no answer by themselves: {collapse}.</p>}
            <Scroll label="Designs learnt with the supernet">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">budget</th>
                            <th scope="col" class="text">
                                architecture
                            </th>
                            <th scope="col">exits</th>
                            <th scope="col">expected MACs</th>
                            <th scope="col">tuned MACs</th>
                            <th scope="col">accuracy</th>
                            <th scope="col">worst MACs</th>
                        </tr>
                    </thead>
                    <tbody>
                        {designs.map((d) => (
                            <tr key={d.budget}>
                                <th scope="row">{macs(d.budget)}</th>
                                <td class="text">
                                    <code>{d.id}</code>
                                </td>
                                <td>{d.exits}</td>
                                <td>{relative(d.expected, d.budget)}</td>
                                <td>{relative(d.tuned, d.budget)}</td>
                                <td>{percent(d.accuracy)}</td>
                                <td>{count(d.worst)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </Scroll>
        </>
    );
}
