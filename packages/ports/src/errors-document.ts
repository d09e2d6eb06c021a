import { ERRORS, type ErrorRow } from './errors.js';

/** The text of docs/errors.md, made from the table. */
export function errorsDocument(): string {
  const rows = Object.entries(ERRORS as Record<string, ErrorRow>).map(
    ([code, row]) =>
      `| \`${code}\` | ${row.message.replaceAll('|', '\\|')} | ${row.retryable ? 'yes' : 'no'} | ${row.grpc} | ${row.tachyon} | ${row.close ?? '–'} |`,
  );
  return [
    '# Errors',
    '',
    'Every error that crosses a boundary. This page is made from `packages/ports/src/errors.ts` by `npm run docs`; a test holds the two together.',
    '',
    '- **Retryable**: the same request may succeed later, unchanged, and did no harm.',
    '- **gRPC**: status between our own processes. **Tachyon**: generic failure reason that a game client sees.',
    '- **Close**: WebSocket close code; – where the connection stays.',
    '',
    '| code | message | retryable | gRPC | Tachyon | close |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
