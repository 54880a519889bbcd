// The comparators, and in plain words whether early exit pays here.
import type { RawStudy } from './data';
import { count, macs, percent, points } from './format';
import { Scroll } from './parts';

export function verdict(study: RawStudy): { pays: boolean; text: string } | null {
    const { saving } = study.comparison;
    if (!saving) return null;
    const saved = 1 - saving.avg_macs / saving.plain_macs;
    const lost = saving.plain_accuracy - saving.accuracy;
    if (saved <= 0) return { pays: false, text: 'Early exits do not pay here: they save no computation.' };
    const price = lost > 0 ? `cost ${points(lost)} of accuracy` : lost < 0 ? `gain ${points(-lost)} of accuracy` : 'cost no accuracy';
    return {
        pays: true,
        text: `Early exits save ${percent(saved, 0)} of the computation of the same network without them, and ${price}.`,
    };
}

export function Comparators({ study }: { study: RawStudy }) {
    const { rows, saving } = study.comparison;
    if (rows.length === 0) return null;
    const most = Math.max(...rows.map((r) => r.avg_macs));
    const said = verdict(study);
    return (
        <>
            {said && saving && (
                <p class={said.pays ? 'verdict pays' : 'verdict'}>
                    <b>{said.text}</b>{' '}
                    <span class="muted">
                        {saving.design}: {percent(saving.accuracy)} at {macs(saving.avg_macs)}; without exits: {percent(saving.plain_accuracy)} at {macs(saving.plain_macs)}. Costs count every exit passed.
                    </span>
                </p>
            )}
            <Scroll label="Comparators">
                <table>
                    <thead>
                        <tr>
                            <th scope="col" class="text">
                                network
                            </th>
                            <th scope="col">calibration</th>
                            <th scope="col">test</th>
                            <th scope="col">avg MACs</th>
                            <th scope="col">worst</th>
                            <th scope="col">parameters</th>
                            <th scope="col" class="text">
                                what it is
                            </th>
                        </tr>
                    </thead>
                    <tbody>
                        {rows.map((row, i) => (
                            <tr key={row.name} class={i === 0 ? 'chosen' : ''}>
                                <th scope="row" class="text">
                                    {row.name}
                                </th>
                                <td>{percent(row.calibration)}</td>
                                <td>{percent(row.test)}</td>
                                <td class="bar">
                                    <i style={{ width: `${(100 * row.avg_macs) / most}%` }} />
                                    <span>{count(row.avg_macs)}</span>
                                </td>
                                <td>{count(row.worst_macs)}</td>
                                <td>{count(row.params)}</td>
                                <td class="text wrap">{row.summary}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </Scroll>
        </>
    );
}
