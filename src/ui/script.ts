/**
 * The one script, inline and named by its hash in the policy. Everything works without it: it adds buttons that copy,
 * and lists that follow what is typed and what is pushed. `data-copy` has the text to copy; a form with `data-follow` is
 * sent while its field changes, and what is in `data-results` of the answer takes the place of what is there. `data-live`
 * has the address of events: while the page is in front, the list is loaded again after one, at most every two seconds.
 * Where somebody is at work in the list, a button says so instead.
 */
export const script = `(()=>{
const d=document,q=(s,e=d)=>e.querySelector(s),all=(s,e=d)=>[...e.querySelectorAll(s)];
d.documentElement.classList.add('js');
const status=d.body.appendChild(d.createElement('p'));status.className='away';status.setAttribute('role','status');
const announce=t=>{status.textContent='';if(t)setTimeout(()=>{status.textContent=t},50)};
d.addEventListener('click',async e=>{
const b=e.target.closest('[data-copy]');if(!b)return;
const t=b.dataset.copy;
try{await navigator.clipboard.writeText(t)}catch{
const a=d.createElement('textarea');a.value=t;a.className='away';d.body.append(a);a.select();d.execCommand('copy');a.remove();b.focus()}
b.classList.add('done');announce(b.dataset.copied);
setTimeout(()=>b.classList.remove('done'),1600)});
let last=0;
const load=async(u,push)=>{
const n=++last;let r;try{r=await fetch(u,{headers:{Accept:'text/html'}})}catch{return}
if(!r.ok||n!==last)return;
const t=await r.text();if(n!==last)return;
const p=new DOMParser().parseFromString(t,'text/html');
for(const o of all('[data-results]')){const w=all('[data-results]',p).find(x=>x.dataset.results===o.dataset.results);if(w){o.replaceWith(w);if(push&&w.dataset.count)announce(w.dataset.count)}}
if(push)history.replaceState(null,'',u);return true};
let timer;
const follow=f=>{const u=new URL(f.action);for(const[k,v]of new FormData(f))if(v)u.searchParams.set(k,v);load(u,true)};
d.addEventListener('input',e=>{const f=e.target.closest('form[data-follow]');if(!f)return;clearTimeout(timer);timer=setTimeout(follow,150,f)});
d.addEventListener('submit',e=>{const f=e.target.closest('form[data-follow]');if(!f)return;e.preventDefault();clearTimeout(timer);follow(f)});
d.addEventListener('keydown',e=>{if(e.key!=='/'||e.ctrlKey||e.metaKey||e.altKey||/^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName))return;const f=q('form[data-follow] input[type=search]');if(f){e.preventDefault();f.focus();f.select()}});
const s=q('[data-live]');
if(s&&window.EventSource){
let es,wait,at=0,first=true;
const say=t=>{s.textContent='';setTimeout(()=>{s.textContent=t},50)};
const show=async()=>{if('whole'in s.dataset)return location.reload();at=Date.now();if(await load(location.href))say(s.dataset.updated)};
const tell=()=>{wait=null;
if(!q('[data-results] :checked')&&!q('[data-results]:focus-within'))return show();
const b=Object.assign(d.createElement('button'),{type:'button',className:'quiet',textContent:s.dataset.show});b.onclick=show;s.replaceChildren(b)};
const soon=()=>{wait??=setTimeout(tell,Math.max(400,at+2000-Date.now()))};
const listen=()=>{const e=es=new EventSource(s.dataset.live);
e.onopen=()=>{if(!first)soon();first=false};
e.addEventListener('changed',soon);
e.onerror=()=>{if(e.readyState==2&&e==es){es=null;setTimeout(watch,30000)}}};
const watch=()=>{if(d.hidden){es?.close();es=null}else if(!es)listen()};
d.addEventListener('visibilitychange',watch);watch()}
})()`
