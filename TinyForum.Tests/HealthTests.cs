namespace TinyForum.Tests;

[TestClass]
public sealed class HealthTests
{
    [TestMethod]
    [DataRow("http://127.0.0.1:0")]
    [DataRow("http://*:0")]
    public async Task Health_ends_with_0_as_long_as_the_server_is_well(string listen)
    {
        using var folder = new TemporaryFolder();
        await using var forum = await TestForum.StartAsync(o => o with
        {
            Database = folder["forum.db"],
            Listen = [listen],
            Hosts = ["forum.example"],
        });
        string[] health = ["health", "--listen", listen.Replace(":0", $":{forum.Url.Port}")];
        Assert.AreEqual((0, "", ""), await ServerProcess.RunAsync(health));
        File.Delete(folder["forum.db"]);
        var (code, _, errors) = await ServerProcess.RunAsync(health);
        Assert.AreEqual((1, $"tinyforum: {forum.Url} is not well: HTTP/1.1 503 Service Unavailable\n"), (code, errors));
        await forum.DisposeAsync();
        (code, _, errors) = await ServerProcess.RunAsync(health);
        Assert.AreEqual(1, code);
        StringAssert.StartsWith(errors, $"tinyforum: {health[2].Replace("*", "localhost")}/ does not answer: ");
    }
}
