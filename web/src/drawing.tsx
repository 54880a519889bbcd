// One design stage by stage: a band as thick as the share of images still on their way, which loses some at each exit.
import type { Design, Figures } from './data';
import { macs, percent, threshold } from './format';
import { Scroll } from './parts';

const kInput = 84;
const kBox = 108;
const kGap = 72;
const kBoxTop = 12;
const kBoxHeight = 132;
const kBandTop = 48;
const kBandFull = 60;
const kExitTop = 184;
const kExitWidth = 156;
const kHeight = kExitTop + 112;

const thickness = (share: number) => share * kBandFull;

function Band({ from, to, share }: { from: number; to: number; share: number }) {
    return <rect class="band" x={from} y={kBandTop} width={to - from} height={Math.max(1, thickness(share))} />;
}

/** Those that leave: the band's lower edge turns down to the exit, along two arcs with one middle. */
function Leaving({ from, centre, share, part }: { from: number; centre: number; share: number; part: number }) {
    const low = kBandTop + thickness(share);
    const high = low - thickness(part);
    const left = centre - thickness(part) / 2;
    const right = centre + thickness(part) / 2;
    const turned = low + left - from;
    return <path class="band" d={`M${from} ${high}Q${right} ${high} ${right} ${turned}V${kExitTop}H${left}V${turned}Q${left} ${low} ${from} ${low}Z`} />;
}

function ExitBox({ centre, top, name, share, lines }: { centre: number; top: number; name: string; share: number; lines: string[] }) {
    const left = centre - kExitWidth / 2;
    return (
        <g>
            <rect class="exit" x={left} y={top} width={kExitWidth} height={38 + 17 * lines.length} rx={6} />
            <text class="name" x={left + 12} y={top + 24}>
                {name}
            </text>
            <text class="share" text-anchor="end" x={left + kExitWidth - 12} y={top + 24}>
                {percent(share, 1)}
            </text>
            {lines.map((line, i) => (
                <text key={i} class="tick" x={left + 12} y={top + 44 + 17 * i}>
                    {line}
                </text>
            ))}
        </g>
    );
}

function StageBox({ design, stage, first, x }: { design: Design; stage: number; first: number; x: number }) {
    const { arch } = design.network;
    const depth = arch.depth[stage]!;
    const pitch = (kBoxHeight - 34) / Math.max(depth, 1);
    const height = Math.min(26, pitch - 4);
    const width = arch.width[stage];
    return (
        <g>
            <rect class="stage" x={x} y={kBoxTop} width={kBox} height={kBoxHeight} rx={6} />
            <text class="name" text-anchor="middle" x={x + kBox / 2} y={kBoxTop + 20}>
                {`stage ${stage + 1}${width === undefined ? '' : ` · ${width} ch`}`}
            </text>
            {Array.from({ length: depth }, (_, b) => {
                const y = kBoxTop + 28 + pitch * b + (pitch - height) / 2;
                const [kernel, expand] = [arch.kernel[first + b], arch.expand[first + b]];
                const text = [kernel !== undefined && `${kernel}×${kernel}`, expand !== undefined && `e${expand}`].filter(Boolean).join(' · ');
                return (
                    <g key={b}>
                        <rect class="block" x={x + 9} y={y} width={kBox - 18} height={height} rx={4} />
                        <text class="tick" text-anchor="middle" x={x + kBox / 2} y={y + height / 2 + 4}>
                            {text}
                        </text>
                    </g>
                );
            })}
        </g>
    );
}

function headText([convs, width]: [number, number, number]): string {
    return convs === 0 ? 'linear' : `${convs} conv · ${width} ch, linear`;
}

/** In words, for those who do not see the drawing; and the picture's parts. */
function spoken(design: Design, figures: Figures): string {
    const { arch, costs } = design.network;
    const exits = figures.shares.map((share, i) => {
        const name = i + 1 < figures.shares.length ? `exit ${i + 1}` : 'the final classifier';
        return `${percent(share, 1)} leave at ${name} after ${macs(costs.executed[i]!)}`;
    });
    return `${arch.depth.length} stages of ${arch.depth.join(', ')} blocks. ${exits.join('; ')}.`;
}

export function Drawing({ design, figures, resolution }: { design: Design; figures: Figures; resolution: number }) {
    const { arch, costs } = design.network;
    const bands = [<Band key="in" from={kInput - 30} to={kInput} share={1} />];
    const boxes = [
        <g key="in">
            <text class="name" text-anchor="end" x={kInput - 36} y={kBandTop + kBandFull / 2 - 4}>
                image
            </text>
            <text class="tick" text-anchor="end" x={kInput - 36} y={kBandTop + kBandFull / 2 + 14}>
                {`${resolution}×${resolution}`}
            </text>
        </g>,
    ];
    let [x, share, first, exit] = [kInput, 1, 0, 0];
    arch.depth.forEach((depth, stage) => {
        boxes.push(<StageBox key={`s${stage}`} design={design} stage={stage} first={first} x={x} />);
        first += depth;
        x += kBox;
        const head = arch.exits[stage];
        if (head) {
            const part = figures.shares[exit]!;
            const rule = figures.thresholds[exit] ?? null;
            bands.push(<Leaving key={`l${stage}`} from={x} centre={x + kGap / 2} share={share} part={part} />);
            boxes.push(
                <ExitBox
                    key={`e${stage}`}
                    centre={x + kGap / 2}
                    top={kExitTop}
                    name={`exit ${exit + 1}`}
                    share={part}
                    lines={[
                        `${macs(costs.executed[exit]!)} spent`,
                        `${macs(costs.head[exit]!)} for the exit`,
                        headText(head),
                        rule === null ? 'switched off' : `leaves if ≥ ${threshold(rule)}`,
                    ]}
                />,
            );
            share -= part;
            ++exit;
        }
        bands.push(<Band key={`b${stage}`} from={x} to={x + kGap} share={Math.max(share, 0)} />);
        x += kGap;
    });
    boxes.push(<ExitBox key="final" centre={x + kExitWidth / 2} top={kBandTop} name="final" share={figures.shares[exit]!} lines={[`${macs(costs.executed[exit]!)} spent`]} />);
    const width = x + kExitWidth + 8;
    return (
        <Scroll label="Drawing of the design">
            <svg class="drawing" role="img" aria-label={spoken(design, figures)} viewBox={`0 0 ${width} ${kHeight}`} style={{ minWidth: `${width * 0.82}px`, maxWidth: `${width * 1.1}px` }}>
                {bands}
                {boxes}
            </svg>
        </Scroll>
    );
}
