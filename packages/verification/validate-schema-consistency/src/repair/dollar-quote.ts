/** A text between dollar signs, with a tag that it does not hold. */
export function dollarQuote(text: string): string {
  for (let number = 0; ; number++) {
    const tag = `$${number === 0 ? "body" : `body${number}`}$`;
    // A text may also end so that its last characters and the tag read as another.
    if (!`${text}$`.includes(tag.slice(0, -1))) return `${tag}${text}${tag}`;
  }
}
