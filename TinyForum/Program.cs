using TinyForum;

await using var forum = await ForumServer.StartAsync(new ForumOptions { Database = args.FirstOrDefault(), Log = e => Console.WriteLine($"{e.Message} {e.Request} {e.Exception}") });
Console.WriteLine(forum.Url);
await Task.Delay(Timeout.Infinite);
