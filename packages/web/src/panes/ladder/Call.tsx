import { baseName, type CallInfo } from '../../model/model.ts';
import { selectCall } from '../../selection.ts';
import { callName } from '../call-name.ts';
import { NARROW, outwards } from './columns.ts';

interface CallProps {
  readonly info: CallInfo;
  readonly x: number | undefined;
  readonly width: number;
  readonly top: number;
  readonly bottom: number;
  readonly chosen: boolean;
}

/** A system call as a block beside its machine's lifeline, from call to return. */
export function Call({ info: { call, returned }, x, width, top, bottom, chosen }: CallProps) {
  if (x === undefined) return null;
  const outward = outwards(x, width);
  const name = callName(call.name, call.args);
  const where = call.where === undefined ? call.program : `${baseName(call.where.file)}:${call.where.line}`;
  const failed = returned !== null && returned.result < 0;
  const block = x + outward * 5 - (outward < 0 ? 5 : 0);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a button cannot be drawn inside a picture
    <g
      className={`call${chosen ? ' selected' : ''}${failed ? ' failed' : ''}${returned === null ? ' open' : ''}`}
      role="button"
      tabIndex={-1}
      onClick={() => selectCall(call.id)}
      onKeyDown={(event) => event.key === 'Enter' && selectCall(call.id)}
    >
      <title>{`${call.name}(${call.args})${returned === null ? '' : ` = ${returned.text}`}`}</title>
      <rect x={block} y={top} width={5} height={Math.max(5, bottom - top)} rx={1.5} />
      <text x={x + outward * 14} y={top + 8} textAnchor={outward > 0 ? 'start' : 'end'}>
        <tspan className="call-name">{name}()</tspan>
        <tspan className="call-where" dx={4}>
          {width < NARROW ? '' : where}
        </tspan>
      </text>
    </g>
  );
}
