using TinyForum;

await using var forum = await ForumServer.StartAsync(new ForumOptions
{
    Listen = [Environment.GetEnvironmentVariable("TINYFORUM_LISTEN") ?? "http://127.0.0.1:5000"],
    Database = Environment.GetEnvironmentVariable("TINYFORUM_DATABASE") ?? args.FirstOrDefault(),
    Log = e => Console.WriteLine($"{e.Message} {e.Request} {e.Exception}"),
});
Console.WriteLine(forum.Url);
await Task.Delay(Timeout.Infinite);
