import { countError, kindBits, type CompiledExpectation, type ReplyCounts } from "./expectations.ts";

/** What a connection expects next: the command of each outstanding request, in order. */
export interface Expected {
  readonly expectations: readonly CompiledExpectation[];
  readonly counts: readonly ReplyCounts[];
  /** A ring of command numbers; its length is the number of requests that may be outstanding. */
  readonly commands: Uint16Array;
}

const [atStart, inLine, inBulk] = [0, 1, 2];

/** Where a connection is in its stream of replies; RESP2 and RESP3. */
export interface ReplyScanner {
  readonly expected: Expected;
  /** The place in the ring of the request whose reply comes next. */
  position: number;
  phase: number;
  /** The type byte of the present element. */
  type: number;
  number: number;
  negative: boolean;
  /** Elements that the present reply still lacks; 0 between replies. */
  missing: number;
  /** Bytes of a bulk string and its line break that have not come yet. */
  skip: number;
  /** The type byte of the reply, and its length if it is a bulk string; -1 is null. */
  replyType: number;
  replyLength: number;
  /** The beginning of an error's text. */
  errorText: string;
  /** Messages that nobody asked for, such as those of subscriptions. */
  pushes: number;
  /** Set by bytes that are no RESP: the connection is of no more use. */
  isBroken: boolean;
}

export function createReplyScanner(expected: Expected): ReplyScanner {
  return { expected, position: 0, phase: atStart, type: 0, number: 0, negative: false, missing: 0, skip: 0, replyType: 0, replyLength: 0, errorText: "", pushes: 0, isBroken: false };
}

const [cr, lf, minus, zero, nine] = [13, 10, 45, 48, 57];
const [plus, colon, dollar, star, bang, equals] = [43, 58, 36, 42, 33, 61];
const [comma, hash, underscore, parenthesis, percent, tilde, bar, greater] = [44, 35, 95, 40, 37, 126, 124, 62];

/** Reads bytes as they come, in pieces of any size, judges each reply and returns how many ended. Allocates only for errors. */
export function scan(scanner: ReplyScanner, bytes: Uint8Array, length: number): number {
  let replies = 0;
  let index = 0;
  while (index < length) {
    if (scanner.phase === inBulk) {
      const present = Math.min(scanner.skip, length - index);
      index += present;
      scanner.skip -= present;
      if (scanner.skip === 0) replies += endElement(scanner);
      continue;
    }
    if (scanner.phase === atStart) {
      const next = scanner.missing === 0 ? scanWhole(scanner, bytes, { index, length }) : index;
      if (next > index) {
        index = next;
        replies++;
        continue;
      }
      begin(scanner, bytes[index++]!);
    }
    let { number } = scanner;
    for (; index < length; index++) {
      const byte = bytes[index]!;
      if (byte >= zero && byte <= nine) number = number * 10 + byte - zero;
      else if (byte === lf) break;
      else if (byte === minus) scanner.negative = true;
      if (scanner.type === minus && byte !== cr && scanner.errorText.length < 200) scanner.errorText += String.fromCharCode(byte);
    }
    scanner.number = number;
    if (index === length) break;
    index++;
    replies += endLine(scanner);
    if (scanner.isBroken) break;
  }
  return replies;
}

interface Place {
  readonly index: number;
  readonly length: number;
}

/**
 * Nearly all replies are statuses, integers and values that lie whole in one piece: they need none of the states. Returns
 * where the reply ends, or where it began for one that is not of this kind.
 */
function scanWhole(scanner: ReplyScanner, bytes: Uint8Array, { index, length }: Place): number {
  const type = bytes[index]!;
  if (type !== dollar && type !== plus && type !== colon) return index;
  let [end, size] = [index + 1, 0];
  for (; end < length; end++) {
    const byte = bytes[end]!;
    if (byte === lf) break;
    if (type !== dollar || byte === cr) continue;
    if (byte < zero || byte > nine) return index;
    size = size * 10 + byte - zero;
  }
  end += type === dollar ? size + 3 : 1;
  if (end > length) return index;
  scanner.replyType = type;
  scanner.replyLength = size;
  endReply(scanner);
  return end;
}

function begin(scanner: ReplyScanner, type: number): void {
  scanner.phase = inLine;
  scanner.type = type;
  scanner.number = 0;
  scanner.negative = false;
  if (type === minus) scanner.errorText = "";
  const followsAttribute = scanner.replyType === 0 && scanner.missing === 1;
  if (scanner.missing > 0 && !followsAttribute) return;
  scanner.missing = 1;
  scanner.replyType = type;
  scanner.replyLength = 0;
}

/** After the line break of a header; returns 1 when it ended the reply. */
function endLine(scanner: ReplyScanner): number {
  const { type } = scanner;
  scanner.phase = atStart;
  switch (type) {
    case dollar:
    case equals:
    case bang:
      return startBulk(scanner);
    case star:
    case tilde:
    case greater:
    case percent:
    case bar:
      return startAggregate(scanner);
    case underscore:
      if (scanner.missing === 1 && scanner.replyType === type) scanner.replyLength = -1;
      return endElement(scanner);
    case plus:
    case minus:
    case colon:
    case comma:
    case hash:
    case parenthesis:
      return endElement(scanner);
    default:
      scanner.isBroken = true;
      return 0;
  }
}

function startBulk(scanner: ReplyScanner): number {
  const isReply = scanner.replyType === scanner.type && scanner.missing === 1;
  if (isReply) scanner.replyLength = scanner.negative ? -1 : scanner.number;
  if (scanner.negative) return endElement(scanner);
  scanner.phase = inBulk;
  scanner.skip = scanner.number + 2;
  return 0;
}

/** The elements come after it; those of an attribute belong to the element that follows them. */
function startAggregate(scanner: ReplyScanner): number {
  const { type, number, negative } = scanner;
  if (negative) {
    scanner.replyLength = -1;
    return endElement(scanner);
  }
  const elements = type === percent || type === bar ? number * 2 : number;
  scanner.missing += elements;
  if (type === bar) {
    // The reply itself has not begun.
    if (scanner.replyType === bar) scanner.replyType = 0;
    return 0;
  }
  return endElement(scanner);
}

function endElement(scanner: ReplyScanner): number {
  scanner.phase = atStart;
  return --scanner.missing > 0 ? 0 : endReply(scanner);
}

function endReply(scanner: ReplyScanner): number {
  const { replyType, replyLength, expected } = scanner;
  if (replyType === greater) {
    scanner.pushes++;
    return 0;
  }
  const command = expected.commands[scanner.position]!;
  scanner.position = scanner.position + 1 === expected.commands.length ? 0 : scanner.position + 1;
  const counts = expected.counts[command]!;
  const { kinds, nullIsMiss, minLength, maxLength } = expected.expectations[command]!;
  if (replyType === minus || replyType === bang) countError(counts, replyType === minus ? scanner.errorText : "BLOB error");
  else if (replyLength === -1) {
    if (nullIsMiss) counts.misses++;
    else counts.wrong++;
  } else if ((kinds & bitOf(replyType)) === 0) counts.wrong++;
  else if (replyType === dollar && (replyLength < minLength || replyLength > maxLength)) counts.wrong++;
  else counts.ok++;
  return 1;
}

function bitOf(type: number): number {
  switch (type) {
    case plus:
      return kindBits.status;
    case colon:
    case parenthesis:
      return kindBits.integer;
    case dollar:
    case equals:
      return kindBits.bulk;
    case comma:
      return kindBits.double;
    case hash:
      return kindBits.boolean;
    default:
      return kindBits.array;
  }
}
