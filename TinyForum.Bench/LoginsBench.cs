using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using TinyForum.Passwords;
using TinyForum.Tests.Support;

namespace TinyForum.Bench;

/// <summary>What a password costs: its hash, against the C library, and reads beside a flood of logins.</summary>
internal static partial class LoginsBench
{
    private const int Readers = 8;
    private const int Flooders = 16;
    private const string Password = "correct horse battery staple";

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    /// <summary>What OWASP's Password Storage Cheat Sheet holds to be equally strong for Argon2id, all with one lane.</summary>
    private static readonly (int MemoryKiB, int Iterations)[] Costs = [(47104, 1), (19456, 2), (12288, 3), (9216, 4), (7168, 5)];

    public static Command Command()
    {
        var other = new Option<FileInfo>("--against") { Description = "The TinyForum.dll of another build, to take turns with" };
        return Settings.Command("logins", "What passwords cost, and reads beside a flood of logins", other, (settings, against, output) =>
        {
            Machine.Describe(output);
            return RunAsync(settings, against, output);
        });
    }

    public static Task RunAsync(Settings settings, TextWriter output) => RunAsync(settings, against: null, output);

    private static async Task RunAsync(Settings settings, FileInfo? against, TextWriter output)
    {
        if (ReferenceArgon2.IsInstalled)
            await HashesAsync(settings.Quick ? 3 : 41, output);
        else
            output.WriteLine("libargon2.so.1 is not installed (Debian: libargon2-1): hashes are not compared.\n");
        await FloodAsync(settings, against, output);
    }

    private static async Task HashesAsync(int rounds, TextWriter output)
    {
        output.WriteLine($"One hash at a time, ours and libargon2's in turn, {rounds} each: median (10 %–90 %). "
            + "The garbage collector's pauses are those of all, shared out.");
        output.WriteLine();
        output.WriteLine("| m KiB | t | p | hash, ms | libargon2, ms | median ratio | allocated, MiB | pause, ms |");
        output.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var (memory, iterations) in Costs)
        {
            var options = new PasswordOptions { MemoryKiB = memory, Iterations = iterations, Parallelism = 1 };
            await using var hasher = new PasswordHasher(options, TimeProvider.System);
            await RaceAsync(hasher, options, rounds: 5);
            var (bytes, pause) = (GC.GetTotalAllocatedBytes(), GC.GetTotalPauseDuration());
            var (ours, theirs) = await RaceAsync(hasher, options, rounds);
            var mebibytes = (GC.GetTotalAllocatedBytes() - bytes) / 1048576.0 / rounds;
            var paused = (GC.GetTotalPauseDuration() - pause).TotalMilliseconds / rounds;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {memory} | {iterations} | 1 | {Spread(ours)} | {Spread(theirs)} | {Quantile(ours, 0.5) / Quantile(theirs, 0.5):F2} ")
                + string.Create(CultureInfo.InvariantCulture, $"| {mebibytes:F1} | {paused:F2} |"));
        }
        output.WriteLine();
    }

    /// <summary>Has a password checked against what libargon2 makes of it.</summary>
    /// <returns>The times of both in milliseconds, sorted.</returns>
    private static async Task<(double[] Ours, double[] Theirs)> RaceAsync(PasswordHasher hasher, PasswordOptions cost, int rounds)
    {
        byte[] password = Encoding.UTF8.GetBytes(Password), salt = [.. "sixteen bytes ok"u8];
        double[] ours = new double[rounds], theirs = new double[rounds];
        for (var round = 0; round < rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            var hash = ReferenceArgon2.Hash(password, salt, null, null, cost.Parallelism, cost.MemoryKiB, cost.Iterations, 32);
            theirs[round] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            var stored = new PhcString(cost.MemoryKiB, cost.Iterations, cost.Parallelism, salt, hash).ToString();
            start = Stopwatch.GetTimestamp();
            var check = await hasher.VerifyAsync(stored, Password, CancellationToken.None);
            ours[round] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (!check.Correct)
                throw new InvalidOperationException("the two disagree");
        }
        Array.Sort(ours);
        Array.Sort(theirs);
        return (ours, theirs);
    }

    private static async Task FloodAsync(Settings settings, FileInfo? against, TextWriter output)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "TinyForum.dll");
        List<Contestant> all = [.. Costs.Select(c => new Contestant($"{c.MemoryKiB} KiB, {c.Iterations}", program,
            ["--password-memory", $"{c.MemoryKiB}", "--password-iterations", $"{c.Iterations}"]))];
        if (against is not null)
            all.Insert(0, new Contestant("the other build", against.FullName, []));
        for (var round = 0; round < settings.Rounds; round++)
        {
            foreach (var contestant in all)
                await contestant.MeasureAsync(settings.Duration);
        }
        output.WriteLine($"`serve` in a process of its own for each line, {settings.Rounds} interleaved rounds of {settings.Seconds} s, "
            + "median (least–greatest): one login after another (a hash, a look-up and a commit), and the server's processor time for one; "
            + $"`GET /api/posts`, kept, by {Load.Description(Readers)}; the same in a flood of {Flooders} connections that log in without "
            + "a pause; and the most memory that was resident.");
        output.WriteLine();
        output.WriteLine("| memory, passes | login, ms | CPU, ms | GET: p50, ms | p99 | in the flood: p50 | p99 "
            + "| logins/s | peak, MB | in it |");
        output.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var contestant in all)
            output.WriteLine(contestant);
        output.WriteLine();
        foreach (var contestant in all.Skip(1).Where(_ => against is not null))
            output.WriteLine($"- {contestant.Name}, of the other build's: login {contestant.Login.RatioTo(all[0].Login).ToString("F2")}, "
                + $"its processor time {contestant.Processor.RatioTo(all[0].Processor).ToString("F2")}, "
                + $"p99 in the flood {contestant.Beside99.RatioTo(all[0].Beside99).ToString("F2")}");
    }

    private static double Quantile(double[] sorted, double q) => sorted[(int)(q * (sorted.Length - 1))];

    private static string Spread(double[] sorted) => string.Create(
        CultureInfo.InvariantCulture, $"{Quantile(sorted, 0.5):F1} ({Quantile(sorted, 0.1):F1}–{Quantile(sorted, 0.9):F1})");

    /// <summary>A build at a cost, and what was measured of it.</summary>
    private sealed partial class Contestant(string name, string program, string[] arguments)
    {
        private readonly Samples _quiet50 = new(), _quiet99 = new(), _beside50 = new(), _logins = new(), _before = new(), _peak = new();

        public string Name => name;

        public Samples Login { get; } = new();

        public Samples Processor { get; } = new();

        public Samples Beside99 { get; } = new();

        public async Task MeasureAsync(TimeSpan duration)
        {
            using var folder = new TemporaryFolder();
            string[] serve = ["serve", "--listen", "http://127.0.0.1:0", "--database", folder.File("forum.db"), "--log", "off"];
            using var process = Process.Start(new ProcessStartInfo("dotnet", [program, .. serve, "--rate-limits", "off", .. arguments])
            {
                RedirectStandardOutput = true,
            })!;
            try
            {
                var greeting = await process.StandardOutput.ReadLineAsync();
                if (greeting is null)
                    throw new InvalidOperationException($"{program} did not start");
                await MeasureAsync(new Uri(Address().Match(greeting).Value), process, duration);
            }
            finally
            {
                process.Kill();
                await process.WaitForExitAsync();
            }
        }

        /// <summary>Its line of the table.</summary>
        public override string ToString() =>
            $"| {name} | {Login.ToString("F0")} | {Processor.ToString("F0")} | {_quiet50.ToString("F2")} | {_quiet99.ToString("F1")} "
            + $"| {_beside50.ToString("F2")} | {Beside99.ToString("F1")} | {_logins} | {_before} | {_peak} |";

        private async Task MeasureAsync(Uri server, Process process, TimeSpan duration)
        {
            const string account = $$"""{"username":"ada","password":"{{Password}}"}""";
            var read = new LoadRequest(new Uri(server, "/api/posts"));
            var login = new LoadRequest(new Uri(server, "/api/login"), Body: account);
            using (var connection = new HttpConnection(server))
            {
                if (await connection.AskAsync(HttpConnection.Format("POST", new Uri(server, "/api/register"), body: account)) != 200)
                    throw new InvalidOperationException("nobody could register");
            }
            await Load.RunAsync(read, Readers, WarmUp);
            await Load.RunAsync(login, 1, WarmUp);
            var processor = process.TotalProcessorTime;
            var alone = await Load.RunAsync(login, 1, duration);
            process.Refresh();
            Login.Add(alone.P50);
            Processor.Add((process.TotalProcessorTime - processor).TotalMilliseconds / (alone.Rate * duration.TotalSeconds));
            var quiet = await Load.RunAsync(read, Readers, duration);
            _quiet50.Add(quiet.P50);
            _quiet99.Add(quiet.P99);
            _before.Add(Child.PeakResident(process.Id) / 1e6);
            var flood = Load.RunAsync(login, Flooders, WarmUp + duration);
            await Task.Delay(WarmUp / 2);
            var beside = await Load.RunAsync(read, Readers, duration);
            _beside50.Add(beside.P50);
            Beside99.Add(beside.P99);
            _logins.Add((await flood).Rate);
            _peak.Add(Child.PeakResident(process.Id) / 1e6);
        }

        [GeneratedRegex(@"http://[\d.:]+/")]
        private static partial Regex Address();
    }
}
