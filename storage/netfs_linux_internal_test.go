package storage

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// On a network file system SQLite loses commits and corrupts its file
// (sqlite.org/howtocorrupt.html §2.1).
func TestNetworkFileSystemsAreDetected(t *testing.T) {
	for name, magic := range map[string]uint32{ // as statfs(2) lists them
		"nfs": 0x6969, "smb": 0x517b, "smb2": 0xfe534d42, "cifs": 0xff534d42, "9p": 0x01021997, "coda": 0x73757245, "ocfs2": 0x7461636f,
	} {
		require.Equal(t, name, networkMagic(magic))
	}
	for local, magic := range map[string]uint32{"ext4": 0xef53, "xfs": 0x58465342, "btrfs": 0x9123683e, "tmpfs": 0x01021994, "overlayfs": 0x794c7630} {
		require.Empty(t, networkMagic(magic), local)
	}
	name, err := networkFileSystem(t.TempDir())
	require.NoError(t, err)
	require.Empty(t, name)
}

func TestFUSEMountsAreFoundInTheMountTable(t *testing.T) {
	const table = `22 28 0:21 / /proc rw,relatime - proc proc rw
36 28 0:43 / /mnt/with\040space rw,nosuid shared:1 master:2 - fuse.sshfs host:/data rw,user_id=0
37 28 0:44 / /mnt/pool rw - fuse.mergerfs a:b rw
38 28 259:1048575 / /big rw - fuse.rclone remote: rw
`
	for dev, want := range map[uint64]string{ // 8 bits of the minor number, 12 of the major number, the other bits of the minor number
		21: "proc", 43: "fuse.sshfs", 44: "fuse.mergerfs", 0xfff00<<12 | 259<<8 | 0xff: "fuse.rclone", 99: "",
	} {
		got, err := mountedType(strings.NewReader(table), dev)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	require.True(t, networkFuse("fuse.sshfs"))
	require.True(t, networkFuse("fuse.rclone"))
	require.False(t, networkFuse("fuse.mergerfs"))
	require.False(t, networkFuse("fuseblk"))
}
