export const server = process.argv[2]!;

const run = `${process.pid}-${Date.now() % 100000}`;

export const account = (name: string) => ({ username: `${name}-${run}`.slice(0, 32), password: "a long secret" });

export const cookieOf = (response: Response) => response.headers.getSetCookie()[0]!.split(";")[0]!;

export function check(step: string, got: unknown, wanted: unknown) {
    if (got !== wanted) {
        console.error(`${step}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
        process.exit(1);
    }
}
