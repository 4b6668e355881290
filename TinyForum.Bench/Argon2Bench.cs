using System.CommandLine;
using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using TinyForum.Passwords;
using TinyForum.Tests.Support;

namespace TinyForum.Bench;

/// <summary>Argon2id against the C library, turn by turn in one run, so that both see the same weather.</summary>
internal static class Argon2Bench
{
    private static readonly (int KiB, int Passes, int Lanes)[] costs = [(19456, 2, 1), (12288, 3, 1), (65536, 3, 4)];

    public static Command Command()
    {
        var rounds = new Option<int>("--rounds") { Description = "Hashes of each kind", DefaultValueFactory = _ => 41 };
        var command = new Command("argon2", "Argon2id against libargon2.so.1, interleaved") { rounds };
        command.SetAction(arguments => Run(arguments.GetValue(rounds)));
        return command;
    }

    private static int Run(int rounds)
    {
        if (!ReferenceArgon2.IsInstalled)
        {
            Console.Error.WriteLine("libargon2.so.1 is not installed (Debian: libargon2-1): nothing to compare with");
            return 1;
        }
        Console.WriteLine($"AVX2 {OnOff(Avx2.IsSupported)}, AVX-512 {OnOff(Avx512F.VL.IsSupported)}, "
            + $"{Environment.ProcessorCount} processors, {rounds} rounds");
        Console.WriteLine();
        Console.WriteLine("| m KiB | t | p | ours ms (10 %–90 %) | libargon2 ms (10 %–90 %) | median ratio |");
        Console.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var (kib, passes, lanes) in costs)
        {
            var (ours, theirs) = Race(rounds, kib, passes, lanes);
            var ratio = Quantile(ours, 0.5) / Quantile(theirs, 0.5);
            Console.WriteLine($"| {kib} | {passes} | {lanes} | {Summary(ours)} | {Summary(theirs)} | {ratio:F2} |");
        }
        return 0;
    }

    private static (double[] Ours, double[] Theirs) Race(int rounds, int kib, int passes, int lanes)
    {
        var password = "correct horse battery staple"u8.ToArray();
        var salt = "sixteen bytes ok"u8.ToArray();
        double[] ours = new double[rounds], theirs = new double[rounds];
        for (var round = -2; round < rounds; round++)
        {
            byte[] mine = [], reference = [];
            var a = Time(() =>
            {
                using var argon2 = new Argon2id(password)
                {
                    Salt = salt,
                    DegreeOfParallelism = lanes,
                    MemorySize = kib,
                    Iterations = passes,
                };
                mine = argon2.GetBytes(32);
            });
            var b = Time(() => reference = ReferenceArgon2.Hash(password, salt, null, null, lanes, kib, passes, 32));
            if (!mine.AsSpan().SequenceEqual(reference))
                throw new InvalidOperationException("the two disagree");
            if (round >= 0)
                (ours[round], theirs[round]) = (a, b);
        }
        Array.Sort(ours);
        Array.Sort(theirs);
        return (ours, theirs);
    }

    private static double Time(Action work)
    {
        var start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static double Quantile(double[] sorted, double q) => sorted[(int)(q * (sorted.Length - 1))];

    private static string Summary(double[] sorted) => $"{Quantile(sorted, 0.5):F1} ({Quantile(sorted, 0.1):F1}–{Quantile(sorted, 0.9):F1})";

    private static string OnOff(bool on) => on ? "on" : "off";
}
