using System.CommandLine;
using System.Globalization;
using System.Net;
using TinyForum.Data;
using TinyForum.Http;

namespace TinyForum.Bench;

/// <summary>The processes that are measured: the forum as it runs in production, and the least that HttpListener can do.</summary>
internal static class ServerCommand
{
    /// <summary>Takes kept outstanding, as the forum does.</summary>
    private const int OutstandingTakes = 8;

    public static Command Command()
    {
        var database = new Option<FileInfo>("--database") { Required = true };
        var maxBatch = new Option<int>("--max-batch") { DefaultValueFactory = _ => WriteQueue.DefaultMaxBatch };
        var forum = new Command("forum") { database, maxBatch };
        forum.SetAction((arguments, _) => ForumAsync(arguments.GetRequiredValue(database).FullName, arguments.GetValue(maxBatch)));
        var bytes = new Option<int>("--bytes") { Required = true };
        var bare = new Command("bare") { bytes };
        bare.SetAction(arguments => Bare(arguments.GetValue(bytes)));
        return new Command("server") { forum, bare }.Hide();
    }

    private static Command Hide(this Command command)
    {
        command.Hidden = true;
        return command;
    }

    private static async Task ForumAsync(string database, int maxBatch)
    {
        await using var log = new StreamWriter("/dev/null") { AutoFlush = true };
        var synchronised = TextWriter.Synchronized(log);
        await using var server = await ForumServer.StartAsync(new ForumOptions
        {
            Listen = ["http://127.0.0.1:0"],
            Database = database,
            MaxBatch = maxBatch,
            Passwords = new PasswordOptions { MemoryKiB = 8, Iterations = 1 },
            Log = entry => synchronised.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{entry.Time:O} {entry.Severity} {entry.Message} {entry.Request}")),
        });
        Console.WriteLine(server.Url);
        await Console.In.ReadToEndAsync();
    }

    private static void Bare(int bytes)
    {
        var body = new byte[bytes];
        body.AsSpan().Fill((byte)' ');
        var address = new ListenAddress("127.0.0.1", 0).WithFreePort();
        using var listener = new HttpListener { IgnoreWriteExceptions = true };
        listener.Prefixes.Add(address.Url.ToString());
        listener.Start();
        for (var i = 0; i < OutstandingTakes; i++)
            Take();
        Console.WriteLine(address.Url);
        Console.In.ReadToEnd();
        Environment.Exit(0);

        void Take() => listener.BeginGetContext(result =>
        {
            var context = listener.EndGetContext(result);
            Take();
            _ = AnswerAsync(context.Response);
        }, null);

        async Task AnswerAsync(HttpListenerResponse response)
        {
            response.ContentType = "application/json";
            response.ContentLength64 = body.Length;
            await response.OutputStream.WriteAsync(body).ConfigureAwait(false);
            response.Close();
        }
    }
}
