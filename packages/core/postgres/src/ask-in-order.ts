import type { PostgresClient } from "./client.ts";

type Questions<Answers extends readonly unknown[]> = { readonly [At in keyof Answers]: () => Promise<Answers[At]> };

/**
 * The answers to questions that follow each other in one session; where it takes a statement before the one before is answered, all are sent at once.
 * Rejects with the first refusal, and not before every question that was sent is answered.
 */
export async function askInOrder<Answers extends readonly unknown[]>(client: PostgresClient, ...questions: Questions<Answers>): Promise<Answers> {
  if (client.pipeline !== true) return (await askOneByOne(questions)) as unknown as Answers;
  const asked = questions.map((ask) => ask());
  await Promise.allSettled(asked);
  return (await Promise.all(asked)) as unknown as Answers;
}

async function askOneByOne(questions: readonly (() => Promise<unknown>)[]): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  for (const ask of questions) answers.push(await ask());
  return answers;
}
