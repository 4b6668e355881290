using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace TinyForum.Tests.Support;

/// <summary>A proxy as operators run it, in front of a server.</summary>
internal sealed class Proxy : IDisposable
{
    private readonly Process _process;
    private readonly TemporaryFolder _folder;

    private Proxy(Process process, TemporaryFolder folder, int port) => (_process, _folder, Url) = (process, folder, new($"http://127.0.0.1:{port}/"));

    public Uri Url { get; }

    /// <summary>Starts it, and returns when it answers; <see langword="null"/> if it is not installed.</summary>
    public static async Task<Proxy?> StartAsync(string name, Uri server)
    {
        int port;
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }
        var folder = new TemporaryFolder();
        var program = name.Split(' ')[0];
        var file = folder["config"];
        await File.WriteAllTextAsync(file, Config(name, port, server.Authority, folder.Path));
        string[] arguments = program switch
        {
            "nginx" => ["-p", folder.Path, "-c", file, "-e", folder["errors"]],
            "caddy" => ["run", "--config", file, "--adapter", "caddyfile"],
            _ => ["-f", file],
        };
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] += ":/usr/sbin";
        foreach (var home in (string[])["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"])
            start.Environment[home] = folder.Path;
        try
        {
            var process = Process.Start(start)!;
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            var proxy = new Proxy(process, folder, port);
            using var client = new HttpClient { BaseAddress = proxy.Url };
            using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            while (await pace.WaitForNextTickAsync() && !await IsUpAsync(client))
                Assert.IsFalse(process.HasExited, $"{name} ended with the configuration\n{await File.ReadAllTextAsync(file)}");
            return proxy;
        }
        catch (Win32Exception)
        {
            folder.Dispose();
            return null;
        }
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _folder.Dispose();
    }

    private static async Task<bool> IsUpAsync(HttpClient client)
    {
        try
        {
            using var answer = await client.GetAsync("/healthz");
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static string Config(string name, int port, string server, string folder) => name switch
    {
        "caddy of the docs" => $$"""
            {
                admin off
                auto_https off
            }
            {{OfDocs("caddy", server).Replace("forum.example {", $"http://127.0.0.1:{port} {{", StringComparison.Ordinal)}}
            """,
        "nginx of the docs" => $$"""
            daemon off;
            master_process off;
            pid {{folder}}/pid;
            events { }
            http {
                access_log off;
                client_body_temp_path {{folder}}/body;
                proxy_temp_path {{folder}}/proxy;
                fastcgi_temp_path {{folder}}/fastcgi;
                uwsgi_temp_path {{folder}}/uwsgi;
                scgi_temp_path {{folder}}/scgi;
                {{OfDocs("nginx", server).Replace("listen 443 ssl;", $"listen 127.0.0.1:{port};", StringComparison.Ordinal)}}
            }

            """,
        "caddy" => $$"""
            {
                admin off
                auto_https off
            }
            http://127.0.0.1:{{port}} {
                reverse_proxy {{server}}
            }

            """,
        "haproxy of the docs" => OfDocs("haproxy", server)
            .Replace("bind :443 ssl crt /etc/haproxy/forum.example.pem", $"bind 127.0.0.1:{port}", StringComparison.Ordinal)
            .Replace("X-Forwarded-Proto https", "X-Forwarded-Proto http", StringComparison.Ordinal) + "\n",
        "haproxy" => $"""
            defaults
                mode http
                timeout connect 5s
                timeout client 30s
                timeout server 30s
            frontend front
                bind 127.0.0.1:{port}
                default_backend forum
            backend forum
                server forum {server}

            """,
        _ => $$"""
            daemon off;
            master_process off;
            pid {{folder}}/pid;
            events { }
            http {
                access_log off;
                client_body_temp_path {{folder}}/body;
                proxy_temp_path {{folder}}/proxy;
                fastcgi_temp_path {{folder}}/fastcgi;
                uwsgi_temp_path {{folder}}/uwsgi;
                scgi_temp_path {{folder}}/scgi;
                upstream forum { server {{server}}; keepalive 8; }
                server {
                    listen 127.0.0.1:{{port}};
                    client_max_body_size 0;
                    location / {
                        proxy_pass http://forum;
                        proxy_http_version 1.1;
                        proxy_set_header Connection "";
                        proxy_set_header Host $http_host;
                        proxy_request_buffering {{(name.EndsWith("unbuffered", StringComparison.Ordinal) ? "off" : "on")}};
                    }
                }
            }

            """,
    };

    /// <summary>The configuration that docs/deploy.md shows, for this server.</summary>
    private static string OfDocs(string language, string server)
    {
        var page = Repository.Read("docs/deploy.md");
        var start = page.IndexOf($"```{language}\n", StringComparison.Ordinal) + language.Length + 4;
        return page[start..page.IndexOf("```", start, StringComparison.Ordinal)].Replace("127.0.0.1:5000", server, StringComparison.Ordinal);
    }
}
