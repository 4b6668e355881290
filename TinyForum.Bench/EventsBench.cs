using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace TinyForum.Bench;

/// <summary>What thousands of streams of events cost while nothing happens, and how soon all of them have what does.</summary>
internal static class EventsBench
{
    private const int PostsPerSecond = 100;
    private const int StreamsOfUser = 25; // of those that have a user: every other

    public static async Task RunAsync(Settings settings, TextWriter output)
    {
        var count = settings.Quick ? 200 : 5_000;
        using var folder = new TemporaryFolder();
        using var forum = await Fixture.StartAsync(settings, folder.File("forum.db"));
        await forum.PostAsync(20);
        var first = (await forum.GetAsync("/api/events?after=0&limit=100"))["events"]!.AsArray().Count + 1;
        var cookies = new List<string>();
        while (cookies.Count * StreamsOfUser < count / 2)
            cookies.Add(await forum.RegisterAsync());
        first += cookies.Count; // each is an event
        var before = forum.Server.ResidentBytes;
        using var readers = await Readers.OpenAsync(
            forum.Get("/api/events").Url, count, first - 1, i => i % 2 == 0 ? null : cookies[i / 2 / StreamsOfUser]);
        var memory = (forum.Server.ResidentBytes - before) / (double)count / 1024;
        Samples quiet = new(), busy = new(), last50 = new(), last99 = new(), any50 = new(), any99 = new();
        for (var round = -1; round < settings.Rounds; round++) // one to warm up
        {
            var idle = await CpuAsync(forum.Server, () => Task.Delay(settings.Duration));
            var flood = new Flood(readers, PostsPerSecond * settings.Seconds);
            var working = await CpuAsync(forum.Server, () => flood.RunAsync(forum));
            if (round < 0)
                continue;
            quiet.Add(idle);
            busy.Add(working);
            last50.Add(flood.Last(0.5));
            last99.Add(flood.Last(0.99));
            any50.Add(flood.Any(0.5));
            any99.Add(flood.Any(0.99));
        }
        output.WriteLine($"{count} streams of `GET /api/events`, half of them of users ({readers.Open} of them open to the end), "
            + $"{settings.Rounds} rounds of {settings.Seconds} s "
            + $"in which nothing happens and of {PostsPerSecond} threads a second. Latency is counted from the answer to the post; server and readers "
            + "share the machine.");
        output.WriteLine();
        output.WriteLine("| | median (least–greatest) | bar |");
        output.WriteLine("| --- | ---: | ---: |");
        output.WriteLine($"| server's memory a stream, KiB | {memory:F1} | ≤ 40 |");
        output.WriteLine($"| a core while nothing happens, % | {quiet.ToString("F1")} | < 3 |");
        output.WriteLine($"| a core during the posts, % | {busy.ToString("F0")} | |");
        output.WriteLine($"| until any one reader has an event, ms: p50 | {any50.ToString("F0")} | |");
        output.WriteLine($"| p99 | {any99.ToString("F0")} | |");
        output.WriteLine($"| until the last reader has it, ms: p50 | {last50.ToString("F0")} | |");
        output.WriteLine($"| p99 | {last99.ToString("F0")} | ≤ 250 |");
        output.WriteLine();
    }

    /// <summary>How much of a core the server takes meanwhile, in percent.</summary>
    private static async Task<double> CpuAsync(Child server, Func<Task> work)
    {
        var (cpu, start) = (server.CpuTime, Stopwatch.GetTimestamp());
        await work();
        return 100 * (server.CpuTime - cpu) / Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Posts at a steady rate, and the times at which the readers have what was posted.</summary>
    private sealed class Flood(Readers readers, int posts)
    {
        private readonly List<double> _last = [];
        private readonly List<double> _any = [];

        public double Last(double share) => At(_last, share);

        public double Any(double share) => At(_any, share);

        public async Task RunAsync(Fixture forum)
        {
            var url = forum.Get("/api/posts").Url;
            var request = HttpConnection.Format("POST", url, forum.Cookie, Fixture.Thread);
            using var connection = new HttpConnection(url);
            var committed = new long[posts];
            readers.Expect(posts);
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < posts; i++)
            {
                if (await connection.AskAsync(request) != 201)
                    throw new InvalidOperationException("a post was refused");
                committed[i] = Stopwatch.GetTimestamp();
                var due = TimeSpan.FromSeconds((i + 1) / (double)PostsPerSecond) - Stopwatch.GetElapsedTime(start);
                if (due > TimeSpan.Zero)
                    await Task.Delay(due);
            }
            await readers.AllHaveAllAsync();
            for (var i = 0; i < posts; i++)
            {
                var times = readers.TimesOf(i).Select(t => Math.Max(0, Stopwatch.GetElapsedTime(committed[i], t).TotalMilliseconds)).ToList();
                _last.Add(times.Max());
                _any.AddRange(times);
            }
        }

        private static double At(List<double> values, double share) => values.Order().ElementAt((int)(share * (values.Count - 1)));
    }

    /// <summary>Clients that read streams and look for nothing but the number of the last event.</summary>
    private sealed class Readers : IDisposable
    {
        private readonly List<Socket> _sockets = [];
        private long _begin; // the number of the event before those that are expected
        private long[][] _times = []; // of each of them, by reader
        private int _missing;
        private TaskCompletionSource _done = new();

        public int Open => _sockets.Count(s => !(s.Poll(0, SelectMode.SelectRead) && s.Available == 0));

        /// <summary>Opens the streams; the newest event has the number <paramref name="newest"/>.</summary>
        public static async Task<Readers> OpenAsync(Uri url, int count, long newest, Func<int, string?> cookieOf)
        {
            var readers = new Readers { _begin = newest };
            for (var i = 0; i < count; i++)
            {
                var request = HttpConnection.Format("GET", url, cookieOf(i), headers: "Accept: text/event-stream\r\n");
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                readers._sockets.Add(socket);
                await socket.ConnectAsync(IPAddress.Parse(url.Host), url.Port);
                await socket.SendAsync(request);
                var buffer = new byte[16 * 1024];
                var length = 0;
                while (buffer.AsSpan(0, length).IndexOf("event: hello"u8) < 0)
                {
                    var read = await socket.ReceiveAsync(buffer.AsMemory(length));
                    length += read > 0 ? read : throw new InvalidOperationException("the server refuses streams");
                }
                _ = readers.ReadAsync(i, socket, buffer, newest);
            }
            return readers;
        }

        public void Expect(int events)
        {
            _begin += _times.Length;
            _times = [.. Enumerable.Range(0, events).Select(_ => new long[_sockets.Count])];
            _missing = events * _sockets.Count;
            _done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        public Task AllHaveAllAsync() => _done.Task.WaitAsync(TimeSpan.FromMinutes(1));

        public long[] TimesOf(int index) => _times[index];

        public void Dispose() => _sockets.ForEach(s => s.Dispose());

        private async Task ReadAsync(int reader, Socket socket, byte[] buffer, long last)
        {
            var kept = 0; // bytes of the part before, lest a number be cut in two
            try
            {
                while (await socket.ReceiveAsync(buffer.AsMemory(kept)) is > 0 and var read)
                {
                    var bytes = buffer.AsSpan(0, kept + read);
                    if (LastId(bytes) is { } number && number > last)
                    {
                        Has(reader, last + 1, number);
                        last = number;
                    }
                    kept = Math.Min(bytes.Length, 32);
                    bytes[^kept..].CopyTo(buffer);
                }
            }
            catch (SocketException)
            {
                // Disposed.
            }
        }

        private static long? LastId(ReadOnlySpan<byte> bytes)
        {
            while (bytes.LastIndexOf("id: "u8) is >= 0 and var at)
            {
                var rest = bytes[(at + 4)..];
                var isLine = at == 0 || bytes[at - 1] == (byte)'\n';
                if (isLine && Utf8Parser.TryParse(rest, out long number, out var digits) && digits < rest.Length && rest[digits] == (byte)'\n')
                    return number;
                bytes = bytes[..at];
            }
            return null;
        }

        private void Has(int reader, long from, long to)
        {
            var now = Stopwatch.GetTimestamp();
            for (var number = from; number <= to; number++)
                _times[number - _begin - 1][reader] = now;
            if (Interlocked.Add(ref _missing, -(int)(to - from + 1)) == 0)
                _done.TrySetResult();
        }
    }
}
